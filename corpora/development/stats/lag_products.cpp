void lag_products(const float *sig, float *r, int n, int lags)
{
    for (int l = 0; l < lags; l++) {
        float acc = 0.0f;
        for (int i = 0; i + l < n; i++) acc += sig[i] * sig[i + l];
        r[l] = acc;
    }
}
