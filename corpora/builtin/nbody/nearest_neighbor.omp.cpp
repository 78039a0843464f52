// For every query the 0-based index of the nearest of n points in the plane, the first when tied.
void nearest_neighbor(int n, int q, const float *px, const float *py, const float *qx, const float *qy, int *nearest)
{
    #pragma omp parallel for
    for (int i = 0; i < q; i++) {
        int best = 0;
        float best_d = INFINITY;
        for (int j = 0; j < n; j++) {
            float dx = px[j] - qx[i];
            float dy = py[j] - qy[i];
            float d = dx * dx + dy * dy;
            if (d < best_d) {
                best_d = d;
                best = j;
            }
        }
        nearest[i] = best;
    }
}
