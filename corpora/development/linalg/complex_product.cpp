void complex_product(const float *a, const float *b, float *out, int n, int conjugate)
{
    for (int i = 0; i < n; i++) {
        float ar = a[2 * i], ai = a[2 * i + 1];
        float br = b[2 * i], bi = conjugate ? -b[2 * i + 1] : b[2 * i + 1];
        out[2 * i] = ar * br - ai * bi;
        out[2 * i + 1] = ar * bi + ai * br;
    }
}
