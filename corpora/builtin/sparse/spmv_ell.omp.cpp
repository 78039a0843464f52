// y := A x, ELLPACK with `width` slots per row stored slot by slot: slot s of row i is at s*rows + i.
// Unused slots hold the value 0 and any column; col >= 0 indexes x.
void spmv_ell(int rows, int width, const int *col, const float *val, const float *x, float *y)
{
    #pragma omp parallel for
    for (int i = 0; i < rows; i++) {
        float acc = 0.0f;
        for (int s = 0; s < width; s++)
            acc += val[s * rows + i] * x[col[s * rows + i]];
        y[i] = acc;
    }
}
