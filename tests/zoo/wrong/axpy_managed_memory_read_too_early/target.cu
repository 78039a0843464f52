// axpy: the host does not wait for the kernel before it reads managed memory
// expected: RACE
__global__ void axpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
void work(int n, float a, const float *x, float *y) {
    float *m;
    cudaMallocManaged(&m, 2 * n * sizeof(float));
    for (int i = 0; i < n; i++) {
        m[i] = x[i];
        m[n + i] = y[i];
    }
    axpy<<<(n + 31) / 32, 32>>>(n, a, m, m + n);
    for (int i = 0; i < n; i++) y[i] = m[n + i];
    cudaFree(m);
}
