__global__ void burgers_step(const float *u, float *un, int nx, float dt, float dx, float nu)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < nx) {
        int l = i == 0 ? nx - 1 : i - 1;
        int r = i == nx - 1 ? 0 : i + 1;
        float adv = u[i] * (u[i] - u[l]) / dx;
        float dif = nu * (u[r] - 2.0f * u[i] + u[l]) / (dx * dx);
        un[i] = u[i] + dt * (dif - adv);
    }
}
