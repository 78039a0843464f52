// Half kick of the leapfrog scheme: vel += (dt / 2) * force / mass; vel and force are [3][n]; mass not zero.
__global__ void kick(int n, float half_dt, const float *mass, const float *force, float *vel)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int d = blockIdx.y;
    if (i < n)
        vel[d * n + i] += half_dt * force[d * n + i] / mass[i];
}

void leapfrog_kick(int n, float dt, const float *mass, const float *force, float *vel)
{
    float *mass_d = nullptr;
    cudaMalloc(&mass_d, sizeof(float) * n);
    cudaMemcpy(mass_d, mass, sizeof(float) * n, cudaMemcpyHostToDevice);
    float *force_d = nullptr;
    cudaMalloc(&force_d, sizeof(float) * 3 * n);
    cudaMemcpy(force_d, force, sizeof(float) * 3 * n, cudaMemcpyHostToDevice);
    float *vel_d = nullptr;
    cudaMalloc(&vel_d, sizeof(float) * 3 * n);
    cudaMemcpy(vel_d, vel, sizeof(float) * 3 * n, cudaMemcpyHostToDevice);

    kick<<<dim3((n + 127) / 128, 3), 128>>>(n, 0.5f * dt, mass_d, force_d, vel_d);

    cudaMemcpy(vel, vel_d, sizeof(float) * 3 * n, cudaMemcpyDeviceToHost);
    cudaFree(mass_d);
    cudaFree(force_d);
    cudaFree(vel_d);
}
