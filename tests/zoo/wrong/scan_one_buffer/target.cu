// scan: reads and writes of one step are not kept apart
// expected: RACE
__global__ void work(int *x, int n) {
    int t = threadIdx.x;
    for (int d = 1; d < n; d *= 2) {
        if (t >= d && t < n) x[t] += x[t - d];
        __syncthreads();
    }
}
