// Total kinetic energy 1/2 sum m |v|^2; vel is [n][3].
// Each warp reduces by shuffles, then the first warp reduces the warps' sums.
__global__ void energy_blocks(int n, const double *mass, const double *vel, double *partial)
{
    __shared__ double warp_sum[8];
    double e = 0.0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        double vx = vel[3 * i], vy = vel[3 * i + 1], vz = vel[3 * i + 2];
        e += mass[i] * (vx * vx + vy * vy + vz * vz);
    }
    for (int offset = 16; offset > 0; offset >>= 1)
        e += __shfl_down_sync(0xffffffff, e, offset);
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (lane == 0)
        warp_sum[warp] = e;
    __syncthreads();
    if (warp == 0) {
        e = lane < 8 ? warp_sum[lane] : 0.0;
        for (int offset = 4; offset > 0; offset >>= 1)
            e += __shfl_down_sync(0xffffffff, e, offset);
        if (lane == 0)
            partial[blockIdx.x] = e;
    }
}

double kinetic_energy(int n, const double *mass, const double *vel)
{
    const int max_blocks = 32;
    int blocks = (n + 255) / 256 < max_blocks ? (n + 255) / 256 : max_blocks;
    double *d_mass = nullptr;
    cudaMalloc(&d_mass, sizeof(double) * n);
    cudaMemcpy(d_mass, mass, sizeof(double) * n, cudaMemcpyHostToDevice);
    double *d_vel = nullptr;
    cudaMalloc(&d_vel, sizeof(double) * 3 * n);
    cudaMemcpy(d_vel, vel, sizeof(double) * 3 * n, cudaMemcpyHostToDevice);
    double *d_partial = nullptr;
    cudaMalloc(&d_partial, sizeof(double) * blocks);

    energy_blocks<<<blocks, 256>>>(n, d_mass, d_vel, d_partial);
    double sums[max_blocks];
    cudaMemcpy(sums, d_partial, blocks * sizeof(double), cudaMemcpyDeviceToHost);
    double total = 0.0;
    for (int b = 0; b < blocks; b++)
        total += sums[b];

    cudaFree(d_mass);
    cudaFree(d_vel);
    cudaFree(d_partial);
    return 0.5 * total;
}
