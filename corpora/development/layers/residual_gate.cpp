void residual_gate(float *trunk, const float *branch, const float *gate, int n, int width, bool relu)
{
    for (int i = 0; i < n; i++)
    {
        float v = trunk[i] + gate[i / width] * branch[i];
        trunk[i] = (relu && v < 0) ? 0 : v;
    }
}
