// In-place LU factorisation without pivoting, A is n x n row-major; all pivots must be nonzero.
// Two launches per step: multipliers of column k, then the trailing matrix.
__global__ void multipliers(int n, int k, double *A)
{
    int i = k + 1 + blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        A[i * n + k] /= A[k * n + k];
}

__global__ void trailing_update(int n, int k, double *A)
{
    int j = k + 1 + blockIdx.x * blockDim.x + threadIdx.x;
    int i = k + 1 + blockIdx.y * blockDim.y + threadIdx.y;
    if (i < n && j < n)
        A[i * n + j] -= A[i * n + k] * A[k * n + j];
}

void lu_nopivot(int n, double *A)
{
    double *dA;
    size_t bytes = (size_t)n * n * sizeof(double);
    cudaMalloc((void **)&dA, bytes);
    cudaMemcpy(dA, A, bytes, cudaMemcpyHostToDevice);
    for (int k = 0; k < n - 1; k++) {
        int rest = n - k - 1;
        multipliers<<<(rest + 63) / 64, 64>>>(n, k, dA);
        dim3 block(16, 8);
        dim3 grid((rest + 15) / 16, (rest + 7) / 8);
        trailing_update<<<grid, block>>>(n, k, dA);
    }
    cudaMemcpy(A, dA, bytes, cudaMemcpyDeviceToHost);
    cudaFree(dA);
}
