// Quarter-circle hits of `samples` points per stream, one linear congruential generator per stream; returns the total.
__device__ long long next_state(long long state)
{
    return (1103515245LL * state + 12345LL) & 0x7fffffffLL;
}

__global__ void run_streams(int streams, int samples, int seed, int *hits)
{
    int s = blockIdx.x * blockDim.x + threadIdx.x;
    if (s >= streams)
        return;
    long long state = ((long long)seed + 7919LL * s) & 0x7fffffffLL;
    int inside = 0;
    for (int k = 0; k < samples; ++k) {
        state = next_state(state);
        long long x = state >> 16;
        state = next_state(state);
        long long y = state >> 16;
        inside += x * x + y * y < 32768LL * 32768LL;
    }
    hits[s] = inside;
}

long lcg_monte_carlo(int streams, int samples, int seed, int *hits)
{
    int *hits_d = nullptr;
    cudaMalloc(&hits_d, sizeof(int) * streams);

    run_streams<<<(streams + 63) / 64, 64>>>(streams, samples, seed, hits_d);

    cudaMemcpy(hits, hits_d, sizeof(int) * streams, cudaMemcpyDeviceToHost);
    cudaFree(hits_d);
    long total = 0;
    for (int s = 0; s < streams; ++s)
        total += hits[s];
    return total;
}
