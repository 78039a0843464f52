// Sampled dense product: out[e] := val[e] * (row i of U) . (row col[e] of V) for every entry e of a CSR pattern.
// U has m rows and V as many as col names, of length k, row-major; row_ptr ascends from 0. One block per row of the pattern.
__global__ void sddmm_kernel(int k, const int *row_ptr, const int *col, const float *val,
                             const float *U, const float *V, float *out)
{
    int i = blockIdx.x;
    for (int e = row_ptr[i] + threadIdx.x; e < row_ptr[i + 1]; e += blockDim.x) {
        const float *u = U + (size_t)i * k;
        const float *v = V + (size_t)col[e] * k;
        float s = 0.0f;
        for (int t = 0; t < k; t++)
            s += u[t] * v[t];
        out[e] = val[e] * s;
    }
}

void sddmm(int m, int k, const int *row_ptr, const int *col, const float *val,
           const float *U, const float *V, float *out)
{
    // How much of the arrays is used follows from the pattern.
    int nnz = 0, n = 0, used = 0;
    for (int i = 0; i < m; i++)
        for (int e = row_ptr[i]; e < row_ptr[i + 1]; e++) {
            nnz = e + 1 > nnz ? e + 1 : nnz;
            n = col[e] + 1 > n ? col[e] + 1 : n;
            used = i + 1;
        }
    int *dp, *dc;
    float *dv, *dU, *dV, *dout;
    cudaMalloc(&dp, (m + 1) * sizeof(int));
    cudaMalloc(&dc, nnz * sizeof(int));
    cudaMalloc(&dv, nnz * sizeof(float));
    cudaMalloc(&dU, (size_t)used * k * sizeof(float));
    cudaMalloc(&dV, (size_t)n * k * sizeof(float));
    cudaMalloc(&dout, nnz * sizeof(float));
    cudaMemcpy(dp, row_ptr, (m + 1) * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dc, col, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dv, val, nnz * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dU, U, (size_t)used * k * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dV, V, (size_t)n * k * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dout, out, nnz * sizeof(float), cudaMemcpyHostToDevice);
    sddmm_kernel<<<m, 32>>>(k, dp, dc, dv, dU, dV, dout);
    cudaMemcpy(out, dout, nnz * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dp);
    cudaFree(dc);
    cudaFree(dv);
    cudaFree(dU);
    cudaFree(dV);
    cudaFree(dout);
}
