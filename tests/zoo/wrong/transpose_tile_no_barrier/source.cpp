// transpose
void work(const float *a, float *b, int rows, int cols) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) b[c * rows + r] = a[r * cols + c];
}
