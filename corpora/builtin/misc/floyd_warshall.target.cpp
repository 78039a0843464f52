// All shortest distances of an n x n matrix, in place; row and column of the vertex that is passed through stay.
void floyd_warshall(int n, double *dist)
{
    #pragma omp target enter data map(to: dist[0:n * n])
    for (int k = 0; k < n; k++) {
        #pragma omp target teams distribute parallel for
        for (int i = 0; i < n; i++) {
            if (i == k)
                continue;
            double to_k = dist[i * n + k];
            for (int j = 0; j < n; j++)
                if (j != k && to_k + dist[k * n + j] < dist[i * n + j])
                    dist[i * n + j] = to_k + dist[k * n + j];
        }
    }
    #pragma omp target exit data map(from: dist[0:n * n])
}
