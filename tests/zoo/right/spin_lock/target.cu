// sum: blocks add to the result one after the other, under a lock
// expected: EQUIVALENT
__device__ int lock = 0;
__global__ void total(const float *x, float *out, int n) {
    __shared__ float s[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    s[t] = i < n ? x[i] : 0.0f;
    __syncthreads();
    for (int k = 32; k; k >>= 1) {
        if (t < k) s[t] += s[t + k];
        __syncthreads();
    }
    if (t == 0) {
        while (atomicCAS(&lock, 0, 1) != 0) ;
        __threadfence();
        *(volatile float *)out += s[0];
        __threadfence();
        atomicExch(&lock, 0);
    }
}
void work(const float *x, float *out, int n) {
    float *dx, *d;
    cudaMalloc(&dx, n * sizeof(float));
    cudaMalloc(&d, sizeof(float));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemset(d, 0, sizeof(float));
    total<<<(n + 63) / 64, 64>>>(dx, d, n);
    cudaMemcpy(out, d, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(d);
}
