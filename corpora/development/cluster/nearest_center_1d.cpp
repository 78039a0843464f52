void nearest_center_1d(const float *values, int n, const float *centers, int k, int *owner)
{
    for (int i = 0; i < n; i++) {
        float best = fabsf(values[i] - centers[0]);
        owner[i] = 0;
        for (int c = 1; c < k; c++) {
            float d = fabsf(values[i] - centers[c]);
            if (d < best) {
                best = d;
                owner[i] = c;
            }
        }
    }
}
