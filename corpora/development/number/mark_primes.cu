__global__ void mark_primes(unsigned char *prime, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        unsigned char p = i >= 2;
        for (int d = 2; d * d <= i; d++) {
            if (i % d == 0) {
                p = 0;
                break;
            }
        }
        prime[i] = p;
    }
}
