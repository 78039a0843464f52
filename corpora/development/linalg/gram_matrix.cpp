void gram_matrix(const float *X, float *G, int n, int d)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            float s = 0.f;
            for (int k = 0; k < d; k++) s += X[i * d + k] * X[j * d + k];
            G[i * n + j] = s;
            G[j * n + i] = s;
        }
    }
}
