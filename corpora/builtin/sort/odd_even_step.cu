// One phase of odd-even transposition sort: compare-exchange (i, i + 1) for every i of phase's parity.
__global__ void compare_exchange(int n, int first, int *a)
{
    int pair = blockIdx.x * blockDim.x + threadIdx.x;
    int i = first + 2 * pair;
    if (i + 1 < n) {
        int lo = min(a[i], a[i + 1]);
        int hi = max(a[i], a[i + 1]);
        a[i] = lo;
        a[i + 1] = hi;
    }
}

void odd_even_step(int n, int phase, int *a)
{
    int *a_d = nullptr;
    cudaMalloc(&a_d, sizeof(int) * n);
    cudaMemcpy(a_d, a, sizeof(int) * n, cudaMemcpyHostToDevice);

    int pairs = n / 2 + 1;
    compare_exchange<<<(pairs + 127) / 128, 128>>>(n, phase & 1, a_d);

    cudaMemcpy(a, a_d, sizeof(int) * n, cudaMemcpyDeviceToHost);
    cudaFree(a_d);
}
