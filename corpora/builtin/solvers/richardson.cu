// `iters` damped Richardson steps x := x + omega (b - A x) with the periodic operator A = circ(-1, 2 + sigma, -1). r is scratch.
__global__ void residual_kernel(int n, double sigma, const double *b, const double *x, double *r)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int l = (i + n - 1) % n;
        int u = (i + 1) % n;
        r[i] = b[i] - ((2.0 + sigma) * x[i] - x[l] - x[u]);
    }
}

__global__ void correct_kernel(int n, double omega, const double *r, double *x)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        x[i] += omega * r[i];
}

void richardson(int n, int iters, double omega, double sigma, const double *b, double *x, double *r)
{
    double *db, *dx, *dr;
    cudaMalloc((void **)&db, n * sizeof(double));
    cudaMalloc((void **)&dx, n * sizeof(double));
    cudaMalloc((void **)&dr, n * sizeof(double));
    cudaMemcpy(db, b, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dr, r, n * sizeof(double), cudaMemcpyHostToDevice);
    const int threads = 96;
    const int blocks = (n + threads - 1) / threads;
    for (int it = 0; it < iters; ++it)
    {
        residual_kernel<<<blocks, threads>>>(n, sigma, db, dx, dr);
        correct_kernel<<<blocks, threads>>>(n, omega, dr, dx);
    }
    cudaMemcpy(x, dx, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaMemcpy(r, dr, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(db);
    cudaFree(dx);
    cudaFree(dr);
}
