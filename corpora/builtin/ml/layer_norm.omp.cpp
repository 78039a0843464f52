// Layer normalisation of every row with gain and bias per column; eps > 0.
void layer_norm(int rows, int cols, float eps, const float *x, const float *gain, const float *bias, float *y)
{
    #pragma omp parallel for schedule(static)
    for (int r = 0; r < rows; ++r) {
        const float *row = x + r * cols;
        float mean = 0.0f, var = 0.0f;
        #pragma omp simd reduction(+:mean)
        for (int c = 0; c < cols; ++c)
            mean += row[c];
        mean /= cols;
        #pragma omp simd reduction(+:var)
        for (int c = 0; c < cols; ++c)
            var += (row[c] - mean) * (row[c] - mean);
        const float scale = 1.0f / sqrtf(var / cols + eps);
        #pragma omp simd
        for (int c = 0; c < cols; ++c)
            y[r * cols + c] = (row[c] - mean) * scale * gain[c] + bias[c];
    }
}
