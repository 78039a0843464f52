void gru_blend(const float *update, const float *candidate, float *hidden, int n)
{
    for (int i = 0; i < n; i++) {
        float z = 1.0f / (1.0f + expf(-update[i]));
        float c = tanhf(candidate[i]);
        hidden[i] = (1.0f - z) * hidden[i] + z * c;
    }
}
