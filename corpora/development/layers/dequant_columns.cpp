void dequant_columns(const signed char *q, const float *scale, const int *zero, float *out, int rows, int cols)
{
    for (int j = 0; j < cols; ++j)
        for (int i = 0; i < rows; ++i)
            out[i * cols + j] = scale[j] * (float)(q[i * cols + j] - zero[j]);
}
