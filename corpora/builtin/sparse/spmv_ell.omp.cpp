// y := A x, ELLPACK with `width` slots per row stored slot by slot: slot s of row i is at s*rows + i.
// A negative column marks an empty slot; other columns index x (cols elements).
void spmv_ell(int rows, int cols, int width, const int *col, const float *val, const float *x, float *y)
{
    #pragma omp parallel for
    for (int i = 0; i < rows; i++) {
        float acc = 0.0f;
        for (int s = 0; s < width; s++) {
            int c = col[s * rows + i];
            if (c >= 0)
                acc += val[s * rows + i] * x[c];
        }
        y[i] = acc;
    }
}
