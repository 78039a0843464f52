// One phase of odd-even transposition sort, out of place: pairs (i, i + 1) with i of the phase's parity.
__global__ void compare_exchange(int n, int first, const int *in, int *out)
{
    int i = first + 2 * (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i + 1 < n) {
        out[i] = min(in[i], in[i + 1]);
        out[i + 1] = max(in[i], in[i + 1]);
    } else if (i < n) {
        out[i] = in[i];
    }
    if (i == 1 && n > 0)
        out[0] = in[0];
}

void odd_even_step(int n, int phase, const int *in, int *out)
{
    int *in_d = nullptr;
    cudaMalloc(&in_d, sizeof(int) * n);
    cudaMemcpy(in_d, in, sizeof(int) * n, cudaMemcpyHostToDevice);
    int *out_d = nullptr;
    cudaMalloc(&out_d, sizeof(int) * n);

    int first = phase & 1;
    if (n == 1)
        first = 0;
    int pairs = n / 2 + 1;
    compare_exchange<<<(pairs + 127) / 128, 128>>>(n, first, in_d, out_d);

    cudaMemcpy(out, out_d, sizeof(int) * n, cudaMemcpyDeviceToHost);
    cudaFree(in_d);
    cudaFree(out_d);
}
