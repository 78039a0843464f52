// Applies a 2x2 matrix h = (h11, h21, h12, h22) to the pairs (x[i], y[i]).
// kind 0: full matrix; kind 1: h11, h22 as given, h12 = 1, h21 = -1; any other: identity.
void rotm(int n, float *x, float *y, int kind, const float *h)
{
    float h11 = 1.0f, h21 = 0.0f, h12 = 0.0f, h22 = 1.0f;
    if (kind == 0) {
        h11 = h[0];
        h21 = h[1];
        h12 = h[2];
        h22 = h[3];
    } else if (kind == 1) {
        h11 = h[0];
        h21 = -1.0f;
        h12 = 1.0f;
        h22 = h[3];
    }
    for (int i = 0; i < n; ++i) {
        float w = x[i], z = y[i];
        x[i] = w * h11 + z * h12;
        y[i] = w * h21 + z * h22;
    }
}
