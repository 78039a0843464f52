// positives: one lane adds the votes of its warp
// expected: EQUIVALENT
__global__ void work(const int *x, int *count, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned votes = __ballot_sync(0xffffffffu, i < n && x[i] > 0);
    if (threadIdx.x % 32 == 0) atomicAdd(count, __popc(votes));
}
