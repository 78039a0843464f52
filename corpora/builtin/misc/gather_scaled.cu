// out[i] = scale * x[idx[i]]; idx[i] in [0, m).
template <typename T>
__global__ void gather(int n, T scale, const int *idx, const T *x, T *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = scale * x[idx[i]];
}

void gather_scaled(int n, int m, float scale, const int *idx, const float *x, float *out)
{
    int *d_idx;
    cudaMalloc((void **)&d_idx, sizeof(int) * n);
    cudaMemcpy(d_idx, idx, sizeof(int) * n, cudaMemcpyHostToDevice);
    float *d_x;
    cudaMalloc((void **)&d_x, sizeof(float) * m);
    cudaMemcpy(d_x, x, sizeof(float) * m, cudaMemcpyHostToDevice);
    float *d_out;
    cudaMalloc((void **)&d_out, sizeof(float) * n);

    gather<float><<<(n + 127) / 128, 128>>>(n, scale, d_idx, d_x, d_out);

    cudaMemcpy(out, d_out, sizeof(float) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_idx);
    cudaFree(d_x);
    cudaFree(d_out);
}
