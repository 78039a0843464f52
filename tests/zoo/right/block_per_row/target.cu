// sums of rows: a block for each, without a guard
// expected: EQUIVALENT
__global__ void __launch_bounds__(128) work(const float *a, float *y, int m, int n) {
    __shared__ float s[128];
    int row = blockIdx.x, t = threadIdx.x;
    float sum = 0;
    for (int j = t; j < n; j += blockDim.x) sum += a[row * n + j];
    s[t] = sum;
    __syncthreads();
    for (int k = blockDim.x / 2; k > 0; k /= 2) {
        if (t < k) s[t] += s[t + k];
        __syncthreads();
    }
    if (t == 0) y[row] = s[0];
}
