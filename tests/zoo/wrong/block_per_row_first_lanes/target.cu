// sums of rows: a warp for each, which takes one element a lane
// expected: MISMATCH
__global__ void work(const float *a, float *y, int m, int n) {
    int row = blockIdx.x, lane = threadIdx.x;
    float sum = lane < n ? a[row * n + lane] : 0;
    for (int k = 16; k > 0; k /= 2) sum += __shfl_down_sync(0xffffffff, sum, k);
    if (lane == 0) y[row] = sum;
}
