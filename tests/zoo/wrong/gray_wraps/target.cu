// gray: the sum of three bytes does not fit a byte
// expected: MISMATCH
__global__ void work(const unsigned char *rgb, unsigned char *gray, int pixels) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= pixels) return;
    unsigned char s = rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2];
    gray[i] = s / 3;
}
