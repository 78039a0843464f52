__global__ void box_rows(const unsigned char *src, unsigned char *dst, int width, int height, int radius)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < width && y < height) {
        int sum = 0, cnt = 0;
        for (int d = -radius; d <= radius; d++) {
            int xx = x + d;
            if (xx < 0 || xx >= width) continue;
            sum += src[y * width + xx];
            cnt++;
        }
        dst[y * width + x] = sum / cnt;
    }
}
