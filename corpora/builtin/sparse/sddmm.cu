// Sampled dense product on nnz places: out[e] := val[e] * (row row[e] of U) . (row col[e] of V).
// Rows of U and V have k elements; row[e], col[e] >= 0. One warp per place.
__global__ void sddmm_kernel(int nnz, int k, const int *row, const int *col, const float *val,
                             const float *U, const float *V, float *out)
{
    int e = blockIdx.x * blockDim.y + threadIdx.y;
    if (e >= nnz)
        return;
    const float *u = U + (size_t)row[e] * k;
    const float *v = V + (size_t)col[e] * k;
    float s = 0.0f;
    for (int t = threadIdx.x; t < k; t += 32)
        s += u[t] * v[t];
    for (int offset = 16; offset > 0; offset >>= 1)
        s += __shfl_down_sync(0xffffffff, s, offset);
    if (threadIdx.x == 0)
        out[e] = val[e] * s;
}

static int span(int count, const int *index)
{
    int most = 0;
    for (int e = 0; e < count; e++)
        if (index[e] >= most)
            most = index[e] + 1;
    return most;
}

void sddmm(int nnz, int k, const int *row, const int *col, const float *val,
           const float *U, const float *V, float *out)
{
    if (nnz < 1)
        return;
    size_t u_bytes = (size_t)span(nnz, row) * k * sizeof(float);
    size_t v_bytes = (size_t)span(nnz, col) * k * sizeof(float);
    int *dr, *dc;
    float *dv, *dU, *dV, *dout;
    cudaMalloc(&dr, nnz * sizeof(int));
    cudaMalloc(&dc, nnz * sizeof(int));
    cudaMalloc(&dv, nnz * sizeof(float));
    cudaMalloc(&dU, u_bytes);
    cudaMalloc(&dV, v_bytes);
    cudaMalloc(&dout, nnz * sizeof(float));
    cudaMemcpy(dr, row, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dc, col, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dv, val, nnz * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dU, U, u_bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(dV, V, v_bytes, cudaMemcpyHostToDevice);
    dim3 block(32, 4);
    sddmm_kernel<<<(nnz + 3) / 4, block>>>(nnz, k, dr, dc, dv, dU, dV, dout);
    cudaMemcpy(out, dout, nnz * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dr);
    cudaFree(dc);
    cudaFree(dv);
    cudaFree(dU);
    cudaFree(dV);
    cudaFree(dout);
}
