// Walk each of n walkers `steps` times through a table of four successors per state; moves outside [0, states) are not made.
void walk_table(int n, int steps, int states, const int *successor, const int *choice, int *position)
{
    for (int w = 0; w < n; ++w) {
        int here = position[w];
        for (int t = 0; t < steps && here >= 0 && here < states; ++t) {
            int next = successor[4 * here + (choice[t * n + w] & 3)];
            if (next >= 0 && next < states)
                here = next;
        }
        position[w] = here;
    }
}
