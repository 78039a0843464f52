// One compare-exchange step of a bitonic network, out of place: partner i ^ j, direction by bit k of i; j, k >= 0.
__global__ void bitonic_kernel(int n, int j, int k, const float *in, float *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int partner = i ^ j;
    float mine = in[i], result = mine;
    if (partner >= 0 && partner < n && partner != i) {
        float other = in[partner];
        bool ascending = ((i < partner ? i : partner) & k) == 0;
        bool wants_small = (i < partner) == ascending;
        if (wants_small ? mine > other : mine < other)
            result = other;
    }
    out[i] = result;
}

void bitonic_step(int n, int j, int k, const float *in, float *out)
{
    float *d_in;
    cudaMalloc((void **)&d_in, sizeof(float) * n);
    cudaMemcpy(d_in, in, sizeof(float) * n, cudaMemcpyHostToDevice);
    float *d_out;
    cudaMalloc((void **)&d_out, sizeof(float) * n);

    bitonic_kernel<<<(n + 255) / 256, 256>>>(n, j, k, d_in, d_out);

    cudaMemcpy(out, d_out, sizeof(float) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_in);
    cudaFree(d_out);
}
