// axpy: the launch stands in a macro of several lines, which checks for errors too
// expected: EQUIVALENT
#define CHECK(call) do { if ((call) != cudaSuccess) return; } while (0)
#define LAUNCH(count, ...) \
    do { \
        axpy<<<((count) + 127) / 128, 128>>>(count, __VA_ARGS__); \
        CHECK(cudaGetLastError()); \
    } while (0)
__global__ void axpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
void work(int n, float a, const float *x, float *y) {
    float *dx, *dy;
    size_t bytes = n * sizeof(float);
    CHECK(cudaMalloc(&dx, bytes));
    CHECK(cudaMalloc(&dy, bytes));
    CHECK(cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dy, y, bytes, cudaMemcpyHostToDevice));
    LAUNCH(n, a, dx, dy);
    CHECK(cudaMemcpy(y, dy, bytes, cudaMemcpyDeviceToHost));
    cudaFree(dx);
    cudaFree(dy);
}
