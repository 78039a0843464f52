// row_mean
void work(const float *a, float *mean, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
        float s = 0.0f;
        for (int c = 0; c < cols; c++) s += a[r * cols + c];
        mean[r] = s / cols;
    }
}
