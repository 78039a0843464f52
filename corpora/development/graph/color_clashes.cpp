int color_clashes(const unsigned char *adj, const int *color, int n)
{
    int clashes = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            clashes += adj[i * n + j] && color[i] == color[j];
    return clashes;
}
