__global__ void count_neighbors(const float *x, const float *y, int *count, int n, float radius)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float r2 = radius * radius;
    int c = 0;
    for (int j = 0; j < n; j++)
    {
        if (j == i)
            continue;
        float dx = x[j] - x[i];
        float dy = y[j] - y[i];
        if (dx * dx + dy * dy <= r2)
            c++;
    }
    count[i] = c;
}
