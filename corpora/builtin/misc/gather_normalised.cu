// out[i] = x[idx[i]] over the largest |x| (over 1 when all are 0); an index outside [0, m) gives 0.
// One block finds the peak; a template gathers.
__global__ void find_peak(int m, const float *x, float *peak)
{
    __shared__ float best[256];
    int t = threadIdx.x;
    best[t] = 0.0f;
    for (int j = t; j < m; j += 256)
        if (fabsf(x[j]) > best[t])
            best[t] = fabsf(x[j]);
    __syncthreads();
    for (int half = 128; half > 0; half >>= 1) {
        if (t < half && best[t + half] > best[t])
            best[t] = best[t + half];
        __syncthreads();
    }
    if (t == 0)
        *peak = best[0] == 0.0f ? 1.0f : best[0];
}

template <typename T>
__global__ void gather(int n, int m, const int *idx, const T *x, const T *peak, T *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = idx[i] >= 0 && idx[i] < m ? x[idx[i]] / *peak : T(0);
}

void gather_normalised(int n, int m, const int *idx, const float *x, float *out)
{
    int *d_idx = nullptr;
    cudaMalloc(&d_idx, sizeof(int) * n);
    cudaMemcpy(d_idx, idx, sizeof(int) * n, cudaMemcpyHostToDevice);
    float *d_x = nullptr;
    cudaMalloc(&d_x, sizeof(float) * m);
    cudaMemcpy(d_x, x, sizeof(float) * m, cudaMemcpyHostToDevice);
    float *d_peak = nullptr;
    cudaMalloc(&d_peak, sizeof(float));
    float *d_out = nullptr;
    cudaMalloc(&d_out, sizeof(float) * n);

    find_peak<<<1, 256>>>(m, d_x, d_peak);
    gather<float><<<(n + 127) / 128, 128>>>(n, m, d_idx, d_x, d_peak, d_out);

    cudaMemcpy(out, d_out, sizeof(float) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_idx);
    cudaFree(d_x);
    cudaFree(d_peak);
    cudaFree(d_out);
}
