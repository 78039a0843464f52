// Discrete Fourier transform of a complex sequence, by definition.
// One block per frequency; the block's threads share the sum over time.
__global__ void dft_kernel(int n, const double *in_re, const double *in_im, double *out_re, double *out_im)
{
    __shared__ double part_re[64], part_im[64];
    int k = blockIdx.x, tid = threadIdx.x;
    double sum_re = 0.0, sum_im = 0.0;
    for (int t = tid; t < n; t += 64) {
        int turn = (int)((long)k * t % n);
        double angle = -6.28318530717958647692 * turn / n;
        double c = cos(angle), s = sin(angle);
        sum_re += in_re[t] * c - in_im[t] * s;
        sum_im += in_re[t] * s + in_im[t] * c;
    }
    part_re[tid] = sum_re;
    part_im[tid] = sum_im;
    for (int half = 32; half > 0; half >>= 1) {
        __syncthreads();
        if (tid < half) {
            part_re[tid] += part_re[tid + half];
            part_im[tid] += part_im[tid + half];
        }
    }
    if (tid == 0) {
        out_re[k] = part_re[0];
        out_im[k] = part_im[0];
    }
}

void dft(int n, const double *in_re, const double *in_im, double *out_re, double *out_im)
{
    size_t in_re_bytes = sizeof(double) * n;
    double *dev_in_re = nullptr;
    cudaMalloc(&dev_in_re, in_re_bytes);
    cudaMemcpy(dev_in_re, in_re, in_re_bytes, cudaMemcpyHostToDevice);
    size_t in_im_bytes = sizeof(double) * n;
    double *dev_in_im = nullptr;
    cudaMalloc(&dev_in_im, in_im_bytes);
    cudaMemcpy(dev_in_im, in_im, in_im_bytes, cudaMemcpyHostToDevice);
    size_t out_re_bytes = sizeof(double) * n;
    double *dev_out_re = nullptr;
    cudaMalloc(&dev_out_re, out_re_bytes);
    size_t out_im_bytes = sizeof(double) * n;
    double *dev_out_im = nullptr;
    cudaMalloc(&dev_out_im, out_im_bytes);

    dft_kernel<<<n, 64>>>(n, dev_in_re, dev_in_im, dev_out_re, dev_out_im);
    cudaDeviceSynchronize();

    cudaMemcpy(out_re, dev_out_re, out_re_bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(out_im, dev_out_im, out_im_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_in_re);
    cudaFree(dev_in_im);
    cudaFree(dev_out_re);
    cudaFree(dev_out_im);
}
