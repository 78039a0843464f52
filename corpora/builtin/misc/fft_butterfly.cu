// One decimation-in-time stage in place: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends stay.
__global__ void butterfly(int n, int half, double *re, double *im)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || (i / half) % 2 != 0 || i + half >= n)
        return;
    int o = i + half;
    double angle = -3.14159265358979323846 * (i % half) / half;
    double c = cos(angle), s = sin(angle);
    double tr = c * re[o] - s * im[o];
    double ti = c * im[o] + s * re[o];
    re[o] = re[i] - tr;
    im[o] = im[i] - ti;
    re[i] += tr;
    im[i] += ti;
}

void fft_butterfly(int n, int half, double *re, double *im)
{
    size_t re_bytes = sizeof(double) * n;
    double *gpu_re;
    cudaMalloc((void **)&gpu_re, re_bytes);
    cudaMemcpy(gpu_re, re, re_bytes, cudaMemcpyHostToDevice);
    size_t im_bytes = sizeof(double) * n;
    double *gpu_im;
    cudaMalloc((void **)&gpu_im, im_bytes);
    cudaMemcpy(gpu_im, im, im_bytes, cudaMemcpyHostToDevice);

    butterfly<<<(n + 255) / 256, 256>>>(n, half, gpu_re, gpu_im);
    cudaDeviceSynchronize();

    cudaMemcpy(re, gpu_re, re_bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(im, gpu_im, im_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_re);
    cudaFree(gpu_im);
}
