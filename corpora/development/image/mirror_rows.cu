__global__ void mirror_rows(int *image, int width, int height)
{
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row < height && col < width / 2)
    {
        int *left = image + row * width + col;
        int *right = image + row * width + width - 1 - col;
        int tmp = *left;
        *left = *right;
        *right = tmp;
    }
}
