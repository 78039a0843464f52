// Relax all pairs of an n x n distance matrix through vertex k, out of place; a k outside [0, n) changes nothing.
void floyd_warshall_step(int n, int k, const double *dist, double *relaxed)
{
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) {
            double best = dist[i * n + j];
            if (k >= 0 && k < n) {
                double via = dist[i * n + k] + dist[k * n + j];
                if (via < best)
                    best = via;
            }
            relaxed[i * n + j] = best;
        }
    }
}
