void cheapest_outgoing(const float *w, const int *comp, int n, int *best)
{
    for (int i = 0; i < n; i++) {
        best[i] = -1;
        for (int j = 0; j < n; j++) {
            if (comp[i] == comp[j] || w[i * n + j] <= 0) continue;
            if (best[i] < 0 || w[i * n + j] < w[i * n + best[i]])
                best[i] = j;
        }
    }
}
