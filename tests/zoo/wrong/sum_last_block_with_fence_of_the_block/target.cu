// sum: the fence before the counter publishes to the same block only
// expected: RACE
__device__ float partial[64];
__device__ unsigned done = 0;
__global__ void total(const float *x, float *out, int n) {
    if (threadIdx.x == 0) {
        float s = 0.0f;
        for (int i = blockIdx.x * 32; i < n && i < (int)(blockIdx.x + 1) * 32; i++) s += x[i];
        partial[blockIdx.x] = s;
        __threadfence_block();
        if (atomicInc(&done, gridDim.x - 1) == gridDim.x - 1) {
            s = 0.0f;
            for (unsigned k = 0; k < gridDim.x; k++) s += partial[k];
            out[0] = s;
        }
    }
}
void work(const float *x, float *out, int n) {
    float *dx, *d;
    cudaMalloc(&dx, n * sizeof(float));
    cudaMalloc(&d, sizeof(float));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
    total<<<(n + 31) / 32, 32>>>(dx, d, n);
    cudaMemcpy(out, d, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(d);
}
