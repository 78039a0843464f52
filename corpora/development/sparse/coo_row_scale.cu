__global__ void coo_row_scale(const int *row, float *val, const float *d, int nnz)
{
    int e = blockIdx.x * blockDim.x + threadIdx.x;
    if (e < nnz) {
        float s = d[row[e]];
        if (s != 0.0f)
            val[e] /= s;
    }
}
