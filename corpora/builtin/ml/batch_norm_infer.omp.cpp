// Batch normalisation with stored statistics; x is [batch][channels][spatial], in place; eps > 0, var >= 0.
void batch_norm_infer(int batch, int channels, int spatial, float eps, const float *mean, const float *var, const float *gamma, const float *beta, float *x)
{
    #pragma omp parallel for collapse(2)
    for (int b = 0; b < batch; b++) {
        for (int c = 0; c < channels; c++) {
            float a = gamma[c] / sqrtf(var[c] + eps);
            float shift = beta[c] - a * mean[c];
            float *plane = x + (b * channels + c) * spatial;
            for (int s = 0; s < spatial; s++)
                plane[s] = a * plane[s] + shift;
        }
    }
}
