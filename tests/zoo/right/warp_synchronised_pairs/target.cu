// add_sum: neighbours in a warp exchange through shared memory, ordered by __syncwarp
// expected: EQUIVALENT
__global__ void work(const float *x, float *out, int n) {
    __shared__ float s[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t, lane = t % 32;
    s[t] = i < n ? x[i] : 0.0f;
    __syncwarp();
    for (int k = 16; k > 0; k >>= 1) {
        float v = lane < k ? s[t + k] : 0.0f;
        __syncwarp();
        s[t] += v;
        __syncwarp();
    }
    if (lane == 0) atomicAdd(out, s[t]);
}
