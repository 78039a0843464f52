// add_sum: half of the warp never reaches the shuffle that names it
// expected: RUNTIME_ERROR
__global__ void work(const float *x, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float v = i < n ? x[i] : 0.0f;
    if (threadIdx.x % 32 < 16) v += __shfl_down_sync(0xffffffffu, v, 16);
    __syncthreads();
    for (int d = 8; d > 0; d >>= 1) v += __shfl_down_sync(0xffffffffu, v, d);
    if (threadIdx.x % 32 == 0) atomicAdd(out, v);
}
