// Sampled dense product: out[e] := val[e] * (row i of U) . (row col[e] of V) for every entry e of a CSR pattern.
// U has m rows and V as many as col names, of length k, row-major; row_ptr ascends from 0.
void sddmm(int m, int k, const int *row_ptr, const int *col, const float *val,
           const float *U, const float *V, float *out)
{
    #pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < m; i++) {
        for (int e = row_ptr[i]; e < row_ptr[i + 1]; e++) {
            float s = 0.0f;
            for (int t = 0; t < k; t++)
                s += U[i * k + t] * V[col[e] * k + t];
            out[e] = val[e] * s;
        }
    }
}
