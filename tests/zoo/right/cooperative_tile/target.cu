// add_sum: cooperative groups
// expected: EQUIVALENT
namespace cg = cooperative_groups;
__global__ void work(const float *x, float *out, int n) {
    cg::thread_block block = cg::this_thread_block();
    auto tile = cg::tiled_partition<16>(block);
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float v = i < n ? x[i] : 0.0f;
    for (int d = tile.size() / 2; d > 0; d /= 2) v += tile.shfl_down(v, d);
    if (tile.thread_rank() == 0) atomicAdd(out, v);
}
