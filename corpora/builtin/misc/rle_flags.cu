// head[i] = 1 where a run of equal values starts, else 0; returns the number of runs.
// A warp counts its heads by a ballot; one lane adds the count.
__global__ void mark_heads(int n, const int *x, int *head, int *runs)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int starts = i < n && (i == 0 || x[i] != x[i - 1]);
    if (i < n)
        head[i] = starts;
    unsigned heads = __ballot_sync(0xffffffffu, starts);
    if (threadIdx.x % 32 == 0 && heads != 0)
        atomicAdd(runs, __popc(heads));
}

int rle_flags(int n, const int *x, int *head)
{
    int *d_x = nullptr;
    cudaMalloc(&d_x, sizeof(int) * n);
    cudaMemcpy(d_x, x, sizeof(int) * n, cudaMemcpyHostToDevice);
    int *d_head = nullptr;
    cudaMalloc(&d_head, sizeof(int) * n);
    int *d_runs = nullptr;
    cudaMalloc(&d_runs, sizeof(int));
    cudaMemset(d_runs, 0, sizeof(int));

    mark_heads<<<(n + 127) / 128, 128>>>(n, d_x, d_head, d_runs);
    int count;
    cudaMemcpy(&count, d_runs, sizeof(int), cudaMemcpyDeviceToHost);

    cudaMemcpy(head, d_head, sizeof(int) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_x);
    cudaFree(d_head);
    cudaFree(d_runs);
    return count;
}
