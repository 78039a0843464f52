// Running totals: out[i] = in[0] + ... + in[i]. Each block scans its part in two shared buffers that take turns; the block
// totals are added up on the host and handed back as offsets.
#define BLOCK 64

__global__ void scan_blocks(int n, const int *in, long *out, long *block_total)
{
    __shared__ long buffer[2][BLOCK];
    int t = threadIdx.x;
    int i = blockIdx.x * BLOCK + t;
    int from = 0;
    buffer[0][t] = i < n ? in[i] : 0;
    __syncthreads();
    for (int reach = 1; reach < BLOCK; reach *= 2) {
        long v = buffer[from][t];
        if (t >= reach)
            v += buffer[from][t - reach];
        buffer[1 - from][t] = v;
        from = 1 - from;
        __syncthreads();
    }
    if (i < n)
        out[i] = buffer[from][t];
    if (t == BLOCK - 1)
        block_total[blockIdx.x] = buffer[from][t];
}

__global__ void add_offsets(int n, const long *offset, long *out)
{
    int i = blockIdx.x * BLOCK + threadIdx.x;
    if (i < n)
        out[i] += offset[blockIdx.x];
}

void inclusive_scan(int n, const int *in, long *out)
{
    int blocks = (n + BLOCK - 1) / BLOCK;
    int *d_in;
    long *d_out, *d_total;
    long *total = new long[blocks];
    cudaMalloc((void **)&d_in, n * sizeof(int));
    cudaMalloc((void **)&d_out, n * sizeof(long));
    cudaMalloc((void **)&d_total, blocks * sizeof(long));
    cudaMemcpy(d_in, in, n * sizeof(int), cudaMemcpyHostToDevice);
    scan_blocks<<<blocks, BLOCK>>>(n, d_in, d_out, d_total);
    cudaMemcpy(total, d_total, blocks * sizeof(long), cudaMemcpyDeviceToHost);
    long before = 0;
    for (int b = 0; b < blocks; b++) {
        long t = total[b];
        total[b] = before;
        before += t;
    }
    cudaMemcpy(d_total, total, blocks * sizeof(long), cudaMemcpyHostToDevice);
    add_offsets<<<blocks, BLOCK>>>(n, d_total, d_out);
    cudaMemcpy(out, d_out, n * sizeof(long), cudaMemcpyDeviceToHost);
    cudaFree(d_in);
    cudaFree(d_out);
    cudaFree(d_total);
    delete[] total;
}
