// y := A x for a symmetric A (n x n row-major) of which only the lower triangle is read; x is staged in shared memory.
#define TILE 64

__global__ void symv_kernel(int n, const double *A, const double *x, double *y)
{
    __shared__ double xs[TILE];
    int i = blockIdx.x * TILE + threadIdx.x;
    double acc = 0.0;
    for (int start = 0; start < n; start += TILE) {
        int k = start + threadIdx.x;
        xs[threadIdx.x] = k < n ? x[k] : 0.0;
        __syncthreads();
        int width = n - start < TILE ? n - start : TILE;
        if (i < n) {
            for (int t = 0; t < width; t++) {
                int j = start + t;
                double a = j <= i ? A[i * n + j] : A[j * n + i];
                acc += a * xs[t];
            }
        }
        __syncthreads();
    }
    if (i < n)
        y[i] = acc;
}

void symv(int n, const double *A, const double *x, double *y)
{
    double *dA, *dx, *dy;
    cudaMalloc((void **)&dA, (size_t)n * n * sizeof(double));
    cudaMalloc((void **)&dx, n * sizeof(double));
    cudaMalloc((void **)&dy, n * sizeof(double));
    cudaMemcpy(dA, A, (size_t)n * n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    symv_kernel<<<(n + TILE - 1) / TILE, TILE>>>(n, dA, dx, dy);
    cudaMemcpy(y, dy, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dA);
    cudaFree(dx);
    cudaFree(dy);
}
