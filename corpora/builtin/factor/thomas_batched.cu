// Solves `batch` systems with the matrix tridiag(-1, 2 + shift^2, -1) of order n; system s has its element i at [i*batch + s].
// d enters as the right side and leaves as the solution; work has n elements. One thread per system.
__global__ void solve_systems(int n, int batch, const double *work, double *d)
{
    int s = blockIdx.x * blockDim.x + threadIdx.x;
    if (s >= batch)
        return;
    double prev = -d[s] * work[0];
    d[s] = prev;
    for (int i = 1; i < n; i++) {
        prev = -(d[i * batch + s] + prev) * work[i];
        d[i * batch + s] = prev;
    }
    for (int i = n - 2; i >= 0; i--) {
        prev = d[i * batch + s] - work[i] * prev;
        d[i * batch + s] = prev;
    }
}

void thomas_batched(int n, int batch, double shift, double *d, double *work)
{
    if (n < 1) return;
    const double diag = 2.0 + shift * shift;
    work[0] = -1.0 / diag;
    for (int i = 1; i < n; i++)
        work[i] = -1.0 / (diag + work[i - 1]);
    double *dd, *dw;
    cudaMalloc((void **)&dd, (size_t)n * batch * sizeof(double));
    cudaMalloc((void **)&dw, n * sizeof(double));
    cudaMemcpy(dd, d, (size_t)n * batch * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dw, work, n * sizeof(double), cudaMemcpyHostToDevice);
    solve_systems<<<(batch + 31) / 32, 32>>>(n, batch, dw, dd);
    cudaMemcpy(d, dd, (size_t)n * batch * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dd);
    cudaFree(dw);
}
