// positives: every lane adds the count of its warp
// expected: MISMATCH
__global__ void work(const int *x, int *count, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned votes = __ballot_sync(0xffffffffu, i < n && x[i] > 0);
    atomicAdd(count, __popc(votes));
}
