// row_mean: both loops are shared out, the row sum is not
// expected: RACE
void work(const float *a, float *mean, int rows, int cols) {
    for (int r = 0; r < rows; r++) mean[r] = 0.0f;
    #pragma omp parallel for collapse(2)
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) mean[r] += a[r * cols + c] / cols;
}
