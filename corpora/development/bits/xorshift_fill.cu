__global__ void xorshift_fill(unsigned int *state, float *out, int streams, int draws)
{
    int s = blockIdx.x * blockDim.x + threadIdx.x;
    if (s < streams) {
        unsigned int x = state[s];
        for (int k = 0; k < draws; k++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            out[k * streams + s] = (x >> 8) * (1.0f / 16777216.0f);
        }
        state[s] = x;
    }
}
