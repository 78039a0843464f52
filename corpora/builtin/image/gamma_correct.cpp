// Power-law correction of intensities cut to [0, 1], in place.
void gamma_correct(int n, float exponent, float *v)
{
    for (int i = 0; i < n; i++) {
        float x = fminf(fmaxf(v[i], 0.0f), 1.0f);
        v[i] = powf(x, exponent);
    }
}
