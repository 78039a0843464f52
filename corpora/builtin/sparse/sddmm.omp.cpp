// Sampled dense product on nnz places: out[e] := val[e] * (row row[e] of U) . (row col[e] of V).
// Rows of U and V have k elements; row[e], col[e] >= 0.
void sddmm(int nnz, int k, const int *row, const int *col, const float *val,
           const float *U, const float *V, float *out)
{
    #pragma omp parallel for schedule(dynamic)
    for (int e = 0; e < nnz; e++) {
        const float *u = U + row[e] * k;
        const float *v = V + col[e] * k;
        float s = 0.0f;
        for (int t = 0; t < k; t++)
            s += u[t] * v[t];
        out[e] = val[e] * s;
    }
}
