// Radix-2 FFT in place of the first m points, m the largest power of two that is not above n.
__global__ void reorder(int m, int levels, double *re, double *im)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= m || levels == 0)
        return;
    int r = (int)(__brev((unsigned)i) >> (32 - levels));
    if (r > i) {
        double t = re[i];
        re[i] = re[r];
        re[r] = t;
        t = im[i];
        im[i] = im[r];
        im[r] = t;
    }
}

__global__ void stage(int m, int half, double *re, double *im)
{
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= m / 2)
        return;
    int k = b % half;
    int p = (b - k) * 2 + k, q = p + half;
    double c, s;
    sincos(-3.14159265358979323846 * k / half, &s, &c);
    double tr = c * re[q] - s * im[q], ti = c * im[q] + s * re[q];
    re[q] = re[p] - tr;
    im[q] = im[p] - ti;
    re[p] += tr;
    im[p] += ti;
}

void fft_radix2(int n, double *re, double *im)
{
    if (n < 1)
        return;
    int m = 1, levels = 0;
    while (2 * m <= n) {
        m *= 2;
        levels++;
    }
    size_t bytes = sizeof(double) * m;
    double *d_re, *d_im;
    cudaMalloc((void **)&d_re, bytes);
    cudaMalloc((void **)&d_im, bytes);
    cudaMemcpy(d_re, re, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(d_im, im, bytes, cudaMemcpyHostToDevice);
    reorder<<<(m + 127) / 128, 128>>>(m, levels, d_re, d_im);
    for (int half = 1; half < m; half *= 2)
        stage<<<(m / 2 + 127) / 128, 128>>>(m, half, d_re, d_im);
    cudaMemcpy(re, d_re, bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(im, d_im, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_re);
    cudaFree(d_im);
}
