__global__ void upper_part(const float *A, float *U, int n, int unit)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= n || j >= n) return;
    if (j > i) U[i * n + j] = A[i * n + j];
    else if (i == j) U[i * n + j] = unit ? 1.0f : A[i * n + j];
    else U[i * n + j] = 0.0f;
}
