// One compare-exchange step of a bitonic network: partner i ^ j, direction by bit k of i; j, k >= 0.
__global__ void bitonic_kernel(int n, int j, int k, float *a)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int partner = i ^ j;
    if (partner > i && partner < n) {
        float mine = a[i], other = a[partner];
        bool ascending = (i & k) == 0;
        if (ascending ? mine > other : mine < other) {
            a[i] = other;
            a[partner] = mine;
        }
    }
}

void bitonic_step(int n, int j, int k, float *a)
{
    float *d_a;
    cudaMalloc((void **)&d_a, sizeof(float) * n);
    cudaMemcpy(d_a, a, sizeof(float) * n, cudaMemcpyHostToDevice);

    bitonic_kernel<<<(n + 255) / 256, 256>>>(n, j, k, d_a);

    cudaMemcpy(a, d_a, sizeof(float) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_a);
}
