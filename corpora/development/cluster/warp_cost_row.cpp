void warp_cost_row(const float *prev, float *cur, const float *series, float sample, int n)
{
    for (int j = 0; j < n; j++) {
        float cost = (series[j] - sample) * (series[j] - sample);
        float best = prev[j];
        if (j > 0) {
            if (prev[j - 1] < best) best = prev[j - 1];
            if (cur[j - 1] < best) best = cur[j - 1];
        }
        cur[j] = cost + best;
    }
}
