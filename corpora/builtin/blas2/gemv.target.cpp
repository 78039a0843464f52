// y := alpha * A * x + beta * y, A is m x n row-major. A team takes a row, its threads share the products.
void gemv(int m, int n, double alpha, const double *A, const double *x, double beta, double *y)
{
    #pragma omp target teams distribute map(to: A[0:m * n], x[0:n]) map(tofrom: y[0:m])
    for (int i = 0; i < m; i++) {
        double sum = 0.0;
        #pragma omp parallel for reduction(+:sum)
        for (int j = 0; j < n; j++)
            sum += A[i * n + j] * x[j];
        y[i] = alpha * sum + beta * y[i];
    }
}
