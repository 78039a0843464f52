__global__ void reverse_in_place(long *v, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n / 2) {
        long t = v[i];
        v[i] = v[n - 1 - i];
        v[n - 1 - i] = t;
    }
}
