// Walk each of n walkers `steps` times through a table of four successors per state; states and successors in [0, states).
void walk_table(int n, int steps, int states, const int *successor, const int *choice, int *position)
{
    (void)states;
    for (int w = 0; w < n; ++w) {
        int here = position[w];
        for (int t = 0; t < steps; ++t)
            here = successor[4 * here + (choice[t * n + w] & 3)];
        position[w] = here;
    }
}
