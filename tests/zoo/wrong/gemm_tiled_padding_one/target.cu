// gemm: padding with 1 instead of 0
// expected: MISMATCH
__global__ void work(const float *a, const float *b, float *c, int m, int n, int k) {
    __shared__ float sa[8][8], sb[8][8];
    int x = threadIdx.x, y = threadIdx.y, j = blockIdx.x * 8 + x, i = blockIdx.y * 8 + y;
    float s = 0.0f;
    for (int t = 0; t < k; t += 8) {
        sa[y][x] = i < m && t + x < k ? a[i * k + t + x] : 1.0f;
        sb[y][x] = t + y < k && j < n ? b[(t + y) * n + j] : 1.0f;
        __syncthreads();
        for (int l = 0; l < 8; l++) s += sa[y][l] * sb[l][x];
        __syncthreads();
    }
    if (i < m && j < n) c[i * n + j] = s;
}
