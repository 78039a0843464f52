// One generation on a torus of rows x cols cells; non-zero is alive, the result is 0 or 1.
__global__ void generation(int rows, int cols, const unsigned char *now, unsigned char *next)
{
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    if (c >= cols || r >= rows)
        return;
    int up = (r + rows - 1) % rows * cols, here = r * cols, down = (r + 1) % rows * cols;
    int left = (c + cols - 1) % cols, right = (c + 1) % cols;
    int alive = (now[up + left] != 0) + (now[up + c] != 0) + (now[up + right] != 0)
              + (now[here + left] != 0) + (now[here + right] != 0)
              + (now[down + left] != 0) + (now[down + c] != 0) + (now[down + right] != 0);
    next[here + c] = (alive == 3 || (alive == 2 && now[here + c] != 0)) ? 1 : 0;
}

void game_of_life(int rows, int cols, const unsigned char *now, unsigned char *next)
{
    size_t now_bytes = sizeof(unsigned char) * rows * cols;
    unsigned char *gpu_now;
    cudaMalloc((void **)&gpu_now, now_bytes);
    cudaMemcpy(gpu_now, now, now_bytes, cudaMemcpyHostToDevice);
    size_t next_bytes = sizeof(unsigned char) * rows * cols;
    unsigned char *gpu_next;
    cudaMalloc((void **)&gpu_next, next_bytes);

    dim3 block(32, 8);
    dim3 grid((cols + 31) / 32, (rows + 7) / 8);
    generation<<<grid, block>>>(rows, cols, gpu_now, gpu_next);
    cudaDeviceSynchronize();

    cudaMemcpy(next, gpu_next, next_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_now);
    cudaFree(gpu_next);
}
