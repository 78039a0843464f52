// spmv: takes the first entry of the next row too
// expected: MISMATCH
__global__ void work(const int *start, const int *column, const double *value, const double *x, double *y, int rows) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    double s = 0.0;
    for (int k = start[r]; k <= start[r + 1] && k < start[rows]; k++) s += value[k] * x[column[k]];
    y[r] = s;
}
