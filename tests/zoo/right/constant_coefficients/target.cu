// stencil: coefficients in constant memory
// expected: EQUIVALENT
__constant__ float w[3];
__global__ void smooth(const float *in, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x + 1;
    if (i < n - 1) out[i] = w[0] * in[i - 1] + w[1] * in[i] + w[2] * in[i + 1];
}
void work(const float *in, float *out, int n) {
    const float h[3] = {0.25f, 0.5f, 0.25f};
    float *a, *b;
    cudaMemcpyToSymbol(w, h, sizeof(h));
    cudaMalloc((void **)&a, n * sizeof(float));
    cudaMalloc((void **)&b, n * sizeof(float));
    cudaMemcpy(a, in, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(b, out, n * sizeof(float), cudaMemcpyHostToDevice);
    smooth<<<(n + 127) / 128, 128>>>(a, b, n);
    if (cudaGetLastError() != cudaSuccess) return;
    cudaMemcpy(out, b, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(a);
    cudaFree(b);
}
