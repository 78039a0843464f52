__global__ void column_minmax(const float *m, int rows, int cols, float *lo, float *hi)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j < cols) {
        float least = m[j], most = m[j];
        for (int i = 1; i < rows; i++) {
            float v = m[i * cols + j];
            if (v < least) least = v;
            if (v > most) most = v;
        }
        lo[j] = least;
        hi[j] = most;
    }
}
