void degree_count(const int *edge_u, const int *edge_v, int m, int *degree, int n)
{
    for (int i = 0; i < n; i++) degree[i] = 0;
    for (int e = 0; e < m; e++) {
        degree[edge_u[e]]++;
        if (edge_u[e] != edge_v[e])
            degree[edge_v[e]]++;
    }
}
