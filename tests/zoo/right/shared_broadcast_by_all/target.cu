// add_sum: all threads write the same value to one shared cell
// expected: EQUIVALENT
__global__ void work(const float *x, float *out, int n) {
    __shared__ int count;
    count = n;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) atomicAdd(out, x[i]);
}
