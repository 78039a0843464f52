// Returns the 0-based index of the first element of largest magnitude (0 when n < 1); one block, tree over (value, index) pairs.
__global__ void iamax_kernel(int n, const float *x, int *result)
{
    __shared__ float value[128];
    __shared__ int index[128];
    int t = threadIdx.x;
    float big = fabsf(x[0]);
    int best = 0;
    for (int i = t; i < n; i += blockDim.x) {
        float m = fabsf(x[i]);
        if (m > big) {
            big = m;
            best = i;
        }
    }
    value[t] = big;
    index[t] = best;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (t < half) {
            float other = value[t + half];
            int j = index[t + half];
            if (other > value[t] || (other == value[t] && j < index[t])) {
                value[t] = other;
                index[t] = j;
            }
        }
        __syncthreads();
    }
    if (t == 0)
        *result = index[0];
}

int iamax(int n, const float *x)
{
    if (n < 1)
        return 0;
    float *dx;
    int *dr, result;
    cudaMalloc((void **)&dx, n * sizeof(float));
    cudaMalloc((void **)&dr, sizeof(int));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
    iamax_kernel<<<1, 128>>>(n, dx, dr);
    cudaMemcpy(&result, dr, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dr);
    return result;
}
