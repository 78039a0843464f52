// Returns the population variance of single-precision data, two passes in double precision.
// Each pass: warp shuffles, then the first warp adds the warps' sums.
__global__ void sum_of_powers(int n, const float *x, double centre, int squared, double *total)
{
    __shared__ double warp_sum[8];
    double s = 0.0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        double d = x[i] - centre;
        s += squared ? d * d : d;
    }
    for (int offset = 16; offset > 0; offset >>= 1)
        s += __shfl_down_sync(0xffffffff, s, offset);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    if (lane == 0)
        warp_sum[warp] = s;
    __syncthreads();
    if (warp == 0) {
        s = lane < 8 ? warp_sum[lane] : 0.0;
        for (int offset = 4; offset > 0; offset >>= 1)
            s += __shfl_down_sync(0xffffffff, s, offset);
        if (lane == 0)
            *total = s;
    }
}

double variance(int n, const float *x)
{
    float *dx;
    double *dt, total;
    cudaMalloc((void **)&dx, n * sizeof(float));
    cudaMalloc((void **)&dt, sizeof(double));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
    sum_of_powers<<<1, 256>>>(n, dx, 0.0, 0, dt);
    cudaMemcpy(&total, dt, sizeof(double), cudaMemcpyDeviceToHost);
    sum_of_powers<<<1, 256>>>(n, dx, total / n, 1, dt);
    cudaMemcpy(&total, dt, sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dt);
    return total / n;
}
