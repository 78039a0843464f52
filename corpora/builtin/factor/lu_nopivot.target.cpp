// In-place LU factorisation without pivoting, A is n x n row-major; all pivots must be nonzero.
void lu_nopivot(int n, double *A)
{
    #pragma omp target data map(tofrom: A[0:n * n])
    for (int k = 0; k < n; k++) {
        #pragma omp target teams distribute parallel for
        for (int i = k + 1; i < n; i++) {
            A[i * n + k] /= A[k * n + k];
            for (int j = k + 1; j < n; j++)
                A[i * n + j] -= A[i * n + k] * A[k * n + j];
        }
    }
}
