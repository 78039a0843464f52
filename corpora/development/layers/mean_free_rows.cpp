void mean_free_rows(float *x, float *spread, int rows, int width)
{
    for (int r = 0; r < rows; ++r) {
        float m = 0, dev = 0;
        int j;
        for (j = 0; j < width; ++j) m += x[r * width + j];
        m /= width;
        for (j = 0; j < width; ++j) {
            x[r * width + j] -= m;
            dev += fabsf(x[r * width + j]);
        }
        spread[r] = dev / width;
    }
}
