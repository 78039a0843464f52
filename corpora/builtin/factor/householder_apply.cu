// Reflects the columns of the m x n row-major A: A := (I - 2 v v^T / (v^T v)) A; nothing happens when v is zero.
// A block per column: v^T a by a shared-memory reduction, then the update.
__global__ void reflect_column(int m, int n, const double *v, double tau, double *A)
{
    extern __shared__ double part[];
    int j = blockIdx.x;
    double w = 0.0;
    for (int i = threadIdx.x; i < m; i += blockDim.x)
        w += v[i] * A[i * n + j];
    part[threadIdx.x] = w;
    __syncthreads();
    for (int s = blockDim.x >> 1; s > 0; s >>= 1) {
        if (threadIdx.x < s)
            part[threadIdx.x] += part[threadIdx.x + s];
        __syncthreads();
    }
    w = tau * part[0];
    for (int i = threadIdx.x; i < m; i += blockDim.x)
        A[i * n + j] -= w * v[i];
}

void householder_apply(int m, int n, const double *v, double *A)
{
    double vv = 0.0;
    for (int i = 0; i < m; i++)
        vv += v[i] * v[i];
    if (vv == 0.0)
        return;
    double *dv, *dA;
    cudaMalloc((void **)&dv, m * sizeof(double));
    cudaMalloc((void **)&dA, (size_t)m * n * sizeof(double));
    cudaMemcpy(dv, v, m * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dA, A, (size_t)m * n * sizeof(double), cudaMemcpyHostToDevice);
    const int threads = 64;
    reflect_column<<<n, threads, threads * sizeof(double)>>>(m, n, dv, 2.0 / vv, dA);
    cudaMemcpy(A, dA, (size_t)m * n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dv);
    cudaFree(dA);
}
