// One row of the 0/1 knapsack table: best value for capacities 0..capacity after one more item; weight >= 0.
void knapsack_row(int capacity, int weight, float value, const float *before, float *after)
{
    for (int c = 0; c <= capacity; ++c) {
        float best = before[c];
        if (c >= weight) {
            float taken = before[c - weight] + value;
            if (taken > best)
                best = taken;
        }
        after[c] = best;
    }
}
