__global__ void manhattan_table(const int *a, const int *b, int *dist, int na, int nb, int dim)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < na && j < nb) {
        int sum = 0;
        for (int k = 0; k < dim; k++)
            sum += abs(a[i * dim + k] - b[j * dim + k]);
        dist[i * nb + j] = sum;
    }
}
