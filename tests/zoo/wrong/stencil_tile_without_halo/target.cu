// stencil: neighbours outside the tile are not loaded
// expected: MEMORY_ERROR
__global__ void work(const float *in, float *out, int n) {
    __shared__ float s[66];
    int t = threadIdx.x + 1, i = blockIdx.x * 64 + threadIdx.x;
    if (i < n) s[t] = in[i];
    __syncthreads();
    if (i > 0 && i < n - 1) out[i] = 0.25f * s[t - 1] + 0.5f * s[t] + 0.25f * s[t + 1];
}
