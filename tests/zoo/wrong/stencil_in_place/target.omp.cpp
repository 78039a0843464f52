// stencil: works in place and then copies
// expected: MISMATCH
void work(float *in, float *out, int n) {
    float before = in[0];
    for (int i = 1; i < n - 1; i++) {
        float v = 0.25f * before + 0.5f * in[i] + 0.25f * in[i + 1];
        before = v;
        out[i] = v;
    }
}
