void diffuse_error_row(float *row, unsigned char *out, int n)
{
    float carry = 0.0f;
    for (int i = 0; i < n; i++) {
        float v = row[i] + carry;
        out[i] = v >= 0.5f;
        carry = v - (v >= 0.5f ? 1.0f : 0.0f);
        row[i] = carry;
    }
}
