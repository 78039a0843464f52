// Softened gravitational acceleration of n bodies (G = 1); pos and acc are [n][3]; eps2 > 0.
// Bodies are read in tiles of one block; the fourth component holds the mass.
__global__ void accelerate(int n, double eps2, const double *mass, const double *pos, double *acc)
{
    const int tile_size = 64;
    __shared__ double tile[tile_size][4];
    int i = blockIdx.x * tile_size + threadIdx.x;
    double x = 0.0, y = 0.0, z = 0.0;
    if (i < n) {
        x = pos[3 * i];
        y = pos[3 * i + 1];
        z = pos[3 * i + 2];
    }
    double ax = 0.0, ay = 0.0, az = 0.0;
    for (int base = 0; base < n; base += tile_size) {
        int j = base + threadIdx.x;
        if (j < n) {
            tile[threadIdx.x][0] = pos[3 * j];
            tile[threadIdx.x][1] = pos[3 * j + 1];
            tile[threadIdx.x][2] = pos[3 * j + 2];
            tile[threadIdx.x][3] = mass[j];
        }
        __syncthreads();
        for (int k = 0; k < tile_size && base + k < n; k++) {
            double dx = tile[k][0] - x, dy = tile[k][1] - y, dz = tile[k][2] - z;
            double r2 = dx * dx + dy * dy + dz * dz + eps2;
            double w = tile[k][3] / (r2 * sqrt(r2));
            ax += w * dx;
            ay += w * dy;
            az += w * dz;
        }
        __syncthreads();
    }
    if (i < n) {
        acc[3 * i] = ax;
        acc[3 * i + 1] = ay;
        acc[3 * i + 2] = az;
    }
}

void nbody_forces(int n, double eps2, const double *mass, const double *pos, double *acc)
{
    double *mass_d = nullptr;
    cudaMalloc(&mass_d, sizeof(double) * n);
    cudaMemcpy(mass_d, mass, sizeof(double) * n, cudaMemcpyHostToDevice);
    double *pos_d = nullptr;
    cudaMalloc(&pos_d, sizeof(double) * 3 * n);
    cudaMemcpy(pos_d, pos, sizeof(double) * 3 * n, cudaMemcpyHostToDevice);
    double *acc_d = nullptr;
    cudaMalloc(&acc_d, sizeof(double) * 3 * n);

    accelerate<<<(n + 63) / 64, 64>>>(n, eps2, mass_d, pos_d, acc_d);

    cudaMemcpy(acc, acc_d, sizeof(double) * 3 * n, cudaMemcpyDeviceToHost);
    cudaFree(mass_d);
    cudaFree(pos_d);
    cudaFree(acc_d);
}
