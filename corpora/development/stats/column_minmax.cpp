void column_minmax(const float *m, int rows, int cols, float *lo, float *hi)
{
    for (int j = 0; j < cols; j++) {
        lo[j] = hi[j] = m[j];
        for (int i = 1; i < rows; i++) {
            float v = m[i * cols + j];
            if (v < lo[j]) lo[j] = v;
            if (v > hi[j]) hi[j] = v;
        }
    }
}
