void swap_two_rows(float *a, int cols, int r1, int r2)
{
    if (r1 == r2) return;
    for (int j = 0; j < cols; j++) {
        float t = a[r1 * cols + j];
        a[r1 * cols + j] = a[r2 * cols + j];
        a[r2 * cols + j] = t;
    }
}
