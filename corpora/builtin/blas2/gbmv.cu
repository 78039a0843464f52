// y := A x for a square band matrix with kl sub- and ku super-diagonals; one thread per row.
// Row i is stored in band[i*(kl+ku+1) + (j - i + kl)], places outside the matrix count as x = 0; kl, ku >= 0.
__global__ void gbmv_kernel(int n, int kl, int ku, const double *band, const double *x, double *y)
{
    int width = kl + ku + 1;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        double sum = 0.0;
        for (int d = 0; d < width; d++) {
            int j = i + d - kl;
            sum += band[i * width + d] * (j >= 0 && j < n ? x[j] : 0.0);
        }
        y[i] = sum;
    }
}

void gbmv(int n, int kl, int ku, const double *band, const double *x, double *y)
{
    size_t band_bytes = (size_t)n * (kl + ku + 1) * sizeof(double);
    size_t vec_bytes = n * sizeof(double);
    double *d_band, *d_x, *d_y;
    cudaMalloc((void **)&d_band, band_bytes);
    cudaMalloc((void **)&d_x, vec_bytes);
    cudaMalloc((void **)&d_y, vec_bytes);
    cudaMemcpy(d_band, band, band_bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(d_x, x, vec_bytes, cudaMemcpyHostToDevice);
    gbmv_kernel<<<(n + 255) / 256, 256>>>(n, kl, ku, d_band, d_x, d_y);
    cudaMemcpy(y, d_y, vec_bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_band);
    cudaFree(d_x);
    cudaFree(d_y);
}
