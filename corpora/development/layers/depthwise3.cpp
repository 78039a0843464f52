void depthwise3(const float* in, const float* w, float* out, int C, int L)
{
    for (int c = 0; c < C; c++)
    {
        for (int i = 0; i < L; i++)
        {
            float left = (i > 0) ? in[c * L + i - 1] : 0.f;
            float right = (i < L - 1) ? in[c * L + i + 1] : 0.f;
            out[c * L + i] = w[3 * c] * left + w[3 * c + 1] * in[c * L + i] + w[3 * c + 2] * right;
        }
    }
}
