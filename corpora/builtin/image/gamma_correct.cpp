// Power-law correction of intensities cut to [0, 1] (NaN to 0), in place.
void gamma_correct(int n, float exponent, float *v)
{
    for (int i = 0; i < n; i++) {
        float x = v[i] > 0.0f ? v[i] : 0.0f;
        if (x > 1.0f)
            x = 1.0f;
        v[i] = powf(x, exponent);
    }
}
