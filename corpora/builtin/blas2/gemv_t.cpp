// y := A^T x, A is rows x cols row-major; the matrix is read row by row.
void gemv_t(int rows, int cols, const float *A, const float *x, float *y)
{
    for (int j = 0; j < cols; ++j)
        y[j] = 0.0f;
    for (int i = 0; i < rows; ++i) {
        const float *row = A + (long)i * cols;
        const float xi = x[i];
        for (int j = 0; j < cols; ++j)
            y[j] += row[j] * xi;
    }
}
