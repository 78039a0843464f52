void table_lerp(const float *table, int size, const float *x, float *y, int n, float x0, float inv_dx)
{
    for (int i = 0; i < n; i++) {
        float t = (x[i] - x0) * inv_dx;
        t = fminf(fmaxf(t, 0.0f), (float)(size - 1));
        int k = (int)t;
        if (k > size - 2) k = size - 2;
        y[i] = table[k] + (t - k) * (table[k + 1] - table[k]);
    }
}
