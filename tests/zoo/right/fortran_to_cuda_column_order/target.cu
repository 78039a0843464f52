// scale_rows_fortran: the first index runs fastest
// expected: EQUIVALENT
__global__ void work(int m, int n, double *a, const double *s) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < n) a[j * m + i] *= s[i];
}
