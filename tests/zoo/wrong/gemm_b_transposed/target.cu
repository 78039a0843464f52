// gemm: the second matrix is read transposed
// expected: MISMATCH
__global__ void work(const float *a, const float *b, float *c, int m, int n, int k) {
    int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < n) {
        float s = 0.0f;
        for (int l = 0; l < k; l++) s += a[i * k + l] * b[j * k + l];
        c[i * n + j] = s;
    }
}
