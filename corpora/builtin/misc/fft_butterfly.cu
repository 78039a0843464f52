// One decimation-in-time stage: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends are copied.
__global__ void butterfly(int n, int half, const double *re, const double *im, double *out_re, double *out_im)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || (i / half) % 2 != 0)
        return;
    int o = i + half;
    if (o >= n) {
        out_re[i] = re[i];
        out_im[i] = im[i];
        return;
    }
    double angle = -3.14159265358979323846 * (i % half) / half;
    double c = cos(angle), s = sin(angle);
    double tr = c * re[o] - s * im[o];
    double ti = c * im[o] + s * re[o];
    out_re[i] = re[i] + tr;
    out_im[i] = im[i] + ti;
    out_re[o] = re[i] - tr;
    out_im[o] = im[i] - ti;
}

void fft_butterfly(int n, int half, const double *re, const double *im, double *out_re, double *out_im)
{
    size_t re_bytes = sizeof(double) * n;
    double *gpu_re;
    cudaMalloc((void **)&gpu_re, re_bytes);
    cudaMemcpy(gpu_re, re, re_bytes, cudaMemcpyHostToDevice);
    size_t im_bytes = sizeof(double) * n;
    double *gpu_im;
    cudaMalloc((void **)&gpu_im, im_bytes);
    cudaMemcpy(gpu_im, im, im_bytes, cudaMemcpyHostToDevice);
    size_t out_re_bytes = sizeof(double) * n;
    double *gpu_out_re;
    cudaMalloc((void **)&gpu_out_re, out_re_bytes);
    size_t out_im_bytes = sizeof(double) * n;
    double *gpu_out_im;
    cudaMalloc((void **)&gpu_out_im, out_im_bytes);

    butterfly<<<(n + 255) / 256, 256>>>(n, half, gpu_re, gpu_im, gpu_out_re, gpu_out_im);
    cudaDeviceSynchronize();

    cudaMemcpy(out_re, gpu_out_re, out_re_bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(out_im, gpu_out_im, out_im_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_re);
    cudaFree(gpu_im);
    cudaFree(gpu_out_re);
    cudaFree(gpu_out_im);
}
