long long count_triangles(const int *adj, int n)
{
    long long t = 0;
    for (int i = 0; i < n; ++i)
        for (int j = i + 1; j < n; ++j) {
            if (adj[i * n + j] == 0) continue;
            for (int k = j + 1; k < n; ++k)
                if (adj[i * n + k] != 0 && adj[j * n + k] != 0)
                    t++;
        }
    return t;
}
