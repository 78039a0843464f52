__global__ void nearest_center_1d(const float *values, int n, const float *centers, int k, int *owner)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float best = fabsf(values[i] - centers[0]);
    int mine = 0;
    for (int c = 1; c < k; c++) {
        float d = fabsf(values[i] - centers[c]);
        if (d < best) {
            best = d;
            mine = c;
        }
    }
    owner[i] = mine;
}
