__global__ void fdtd_electric(float *ez, const float *hx, const float *hy, const float *coef, int nx, int ny)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int j = blockIdx.y * blockDim.y + threadIdx.y;
    if (i > 0 && j > 0 && i < nx && j < ny) {
        ez[j * nx + i] += coef[j * nx + i] *
            (hy[j * nx + i] - hy[j * nx + i - 1] - hx[j * nx + i] + hx[(j - 1) * nx + i]);
    }
}
