// Euclidean distance between every row of a (n x dim) and every row of b (m x dim).
void pair_distances(int n, int m, int dim, const float *a, const float *b, float *dist) {
    #pragma omp parallel for collapse(2)
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < m; ++j) {
            float s = 0.0f;
            for (int k = 0; k < dim; ++k) {
                float d = a[i * dim + k] - b[j * dim + k];
                s += d * d;
            }
            dist[i * m + j] = sqrtf(s);
        }
    }
}
