// sum: the last block reads the others' partial sums without a fence
// expected: RACE
__device__ float partial[64];
__device__ unsigned done = 0;
__global__ void total(const float *x, float *out, int n) {
    __shared__ bool last;
    float s = 0.0f;
    if (threadIdx.x == 0) {
        for (int i = blockIdx.x * 32; i < n && i < (int)(blockIdx.x + 1) * 32; i++) s += x[i];
        partial[blockIdx.x] = s;
        last = atomicInc(&done, gridDim.x - 1) == gridDim.x - 1;
        if (last) {
            s = 0.0f;
            for (unsigned k = 0; k < gridDim.x; k++) s += partial[k];
            out[0] = s;
        }
    }
}
void work(const float *x, float *out, int n) {
    float *dx, *d;
    cudaMalloc(&dx, n * 4);
    cudaMalloc(&d, 4);
    cudaMemcpy(dx, x, n * 4, cudaMemcpyHostToDevice);
    total<<<(n + 31) / 32, 32>>>(dx, d, n);
    cudaMemcpy(out, d, 4, cudaMemcpyDeviceToHost);
}
