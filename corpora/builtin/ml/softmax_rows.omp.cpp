// Softmax of every row of a rows x cols matrix.
void softmax_rows(int rows, int cols, const float *x, float *y)
{
    #pragma omp parallel for
    for (int r = 0; r < rows; r++) {
        const float *in = x + r * cols;
        float *out = y + r * cols;
        float top = in[0];
        for (int c = 1; c < cols; c++)
            top = in[c] > top ? in[c] : top;
        float sum = 0.0f;
        for (int c = 0; c < cols; c++) {
            out[c] = expf(in[c] - top);
            sum += out[c];
        }
        for (int c = 0; c < cols; c++)
            out[c] /= sum;
    }
}
