// All shortest distances of an n x n matrix, in place; row and column of the vertex that is passed through stay.
void floyd_warshall(int n, double *dist)
{
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                if (i == k || j == k)
                    continue;
                double via = dist[i * n + k] + dist[k * n + j];
                if (via < dist[i * n + j])
                    dist[i * n + j] = via;
            }
}
