// Planar RGB to YUV (BT.601) for n pixels.
void rgb_to_yuv(int n, const float *r, const float *g, const float *b, float *y, float *u, float *v)
{
    #pragma omp parallel for simd schedule(static)
    for (int i = 0; i < n; ++i) {
        const float luma = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
        y[i] = luma;
        u[i] = 0.492f * (b[i] - luma);
        v[i] = 0.877f * (r[i] - luma);
    }
}
