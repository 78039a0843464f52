// Sums of consecutive segments: segment s covers values[start[s]] to values[start[s+1] - 1]; start ascends from 0.
// One block of one warp per segment.
__global__ void segment_kernel(const int *start, const double *values, double *sums)
{
    int s = blockIdx.x;
    double total = 0.0;
    for (int i = start[s] + threadIdx.x; i < start[s + 1]; i += 32)
        total += values[i];
    for (int offset = 16; offset > 0; offset /= 2)
        total += __shfl_xor_sync(0xffffffff, total, offset);
    if (threadIdx.x == 0)
        sums[s] = total;
}

void segmented_sum(int segments, const int *start, const double *values, double *sums)
{
    int n = 0;
    for (int s = 0; s < segments; s++)
        if (start[s] < start[s + 1] && start[s + 1] > n)
            n = start[s + 1];
    int *d_start;
    double *d_values, *d_sums;
    cudaMalloc(&d_start, (segments + 1) * sizeof(int));
    cudaMalloc(&d_values, n * sizeof(double));
    cudaMalloc(&d_sums, segments * sizeof(double));
    cudaMemcpy(d_start, start, (segments + 1) * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_values, values, n * sizeof(double), cudaMemcpyHostToDevice);
    segment_kernel<<<segments, 32>>>(d_start, d_values, d_sums);
    cudaMemcpy(sums, d_sums, segments * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d_start);
    cudaFree(d_values);
    cudaFree(d_sums);
}
