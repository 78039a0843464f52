// All shortest distances of an n x n matrix, in place; row and column of the vertex that is passed through stay.
void floyd_warshall(int n, double *dist)
{
    #pragma omp parallel
    for (int k = 0; k < n; k++) {
        #pragma omp for schedule(dynamic, 4)
        for (int i = 0; i < n; i++) {
            if (i == k)
                continue;
            double to_k = dist[i * n + k];
            for (int j = 0; j < n; j++)
                if (j != k && to_k + dist[k * n + j] < dist[i * n + j])
                    dist[i * n + j] = to_k + dist[k * n + j];
        }
    }
}
