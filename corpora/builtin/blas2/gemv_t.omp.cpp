// y := A^T x, A is rows x cols row-major; every thread owns some columns.
void gemv_t(int rows, int cols, const float *A, const float *x, float *y)
{
    #pragma omp parallel for
    for (int j = 0; j < cols; ++j) {
        float sum = 0.0f;
        for (int i = 0; i < rows; ++i)
            sum += A[(long)i * cols + j] * x[i];
        y[j] = sum;
    }
}
