void halton_points(double *out, int n, int base)
{
    if (base < 2) return;
    for (int i = 0; i < n; i++) {
        double f = 1.0, r = 0.0;
        int k = i + 1;
        while (k > 0) {
            f /= base;
            r += f * (k % base);
            k /= base;
        }
        out[i] = r;
    }
}
