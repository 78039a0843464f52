// Lower triangle of C := alpha * A * A^T + beta * C; A is n x k, C is n x n, row-major.
void syrk(int n, int k, double alpha, const double *A, double beta, double *C) {
    // Rows grow longer downwards, hence the dynamic schedule.
    #pragma omp parallel for schedule(dynamic, 4)
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double s = 0.0;
            for (int p = 0; p < k; p++) s += A[i * k + p] * A[j * k + p];
            C[i * n + j] = beta * C[i * n + j] + alpha * s;
        }
    }
}
