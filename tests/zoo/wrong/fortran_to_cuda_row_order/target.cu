// scale_rows_fortran: the matrix is taken row by row
// expected: MISMATCH
__global__ void work(int m, int n, double *a, const double *s) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < n) a[i * n + j] *= s[i];
}
