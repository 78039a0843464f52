// axpy: the text's own main tries it on 32 elements
// expected: EQUIVALENT
#include <cstdio>
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
int main() {
    float *x, *y;
    cudaMallocManaged(&x, 32 * sizeof(float));
    cudaMallocManaged(&y, 32 * sizeof(float));
    for (int i = 0; i < 32; i++) x[i] = y[i] = i;
    work<<<1, 32>>>(32, 2.0f, x, y);
    cudaDeviceSynchronize();
    printf("%f\n", y[31]);
}
