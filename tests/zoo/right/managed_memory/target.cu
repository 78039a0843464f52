// axpy: managed memory is touched by both sides
// expected: EQUIVALENT
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
    cudaDeviceSynchronize();
    for (int i = 0; i < n; i++) y[i] = m[n + i];
    cudaFree(m);
}
