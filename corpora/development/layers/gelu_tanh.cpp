void gelu_tanh(float* out, const float* in, int N)
{
    const float c = 0.7978845608f;
    for (int i = 0; i < N; i++) {
        float v = in[i];
        float cube = 0.044715f * v * v * v;
        out[i] = 0.5f * v * (1.0f + tanhf(c * (v + cube)));
    }
}
