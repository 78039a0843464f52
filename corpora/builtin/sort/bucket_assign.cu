// bucket[i] = how many of the k splitters are <= x[i]; size[k + 1] counts the members of each bucket.
__global__ void assign(int n, int k, const float *x, const float *splitter, int *bucket, int *size)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float value = x[i];
    int b = 0;
    for (int s = 0; s < k; s++)
        b += splitter[s] <= value ? 1 : 0;
    bucket[i] = b;
    atomicAdd(size + b, 1);
}

void bucket_assign(int n, int k, const float *x, const float *splitter, int *bucket, int *size)
{
    float *x_d = nullptr;
    cudaMalloc(&x_d, sizeof(float) * n);
    cudaMemcpy(x_d, x, sizeof(float) * n, cudaMemcpyHostToDevice);
    float *splitter_d = nullptr;
    cudaMalloc(&splitter_d, sizeof(float) * k);
    cudaMemcpy(splitter_d, splitter, sizeof(float) * k, cudaMemcpyHostToDevice);
    int *bucket_d = nullptr;
    cudaMalloc(&bucket_d, sizeof(int) * n);
    int *size_d = nullptr;
    cudaMalloc(&size_d, sizeof(int) * (k + 1));
    cudaMemset(size_d, 0, sizeof(int) * (k + 1));

    assign<<<(n + 127) / 128, 128>>>(n, k, x_d, splitter_d, bucket_d, size_d);

    cudaMemcpy(bucket, bucket_d, sizeof(int) * n, cudaMemcpyDeviceToHost);
    cudaMemcpy(size, size_d, sizeof(int) * (k + 1), cudaMemcpyDeviceToHost);
    cudaFree(x_d);
    cudaFree(splitter_d);
    cudaFree(bucket_d);
    cudaFree(size_d);
}
