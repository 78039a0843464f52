// Relax all pairs of an n x n distance matrix through vertex k in [0, n), out of place.
void floyd_warshall_step(int n, int k, const double *dist, double *relaxed)
{
    #pragma omp parallel for
    for (int i = 0; i < n; ++i) {
        double to_k = dist[i * n + k];
        for (int j = 0; j < n; ++j) {
            double via = to_k + dist[k * n + j];
            relaxed[i * n + j] = via < dist[i * n + j] ? via : dist[i * n + j];
        }
    }
}
