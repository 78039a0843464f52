// sums of rows: a warp for each
// expected: EQUIVALENT
__global__ void work(const float *a, float *y, int m, int n) {
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / warpSize, lane = threadIdx.x % warpSize;
    if (row >= m) return;
    float sum = 0;
    for (int j = lane; j < n; j += warpSize) sum += a[row * n + j];
    for (int k = warpSize / 2; k > 0; k /= 2) sum += __shfl_down_sync(0xffffffff, sum, k);
    if (lane == 0) y[row] = sum;
}
