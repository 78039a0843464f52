void rotate_half(float *v, const float *cosv, const float *sinv, int pairs)
{
    for (int i = 0; i < pairs; i++) {
        float a = v[2 * i];
        float b = v[2 * i + 1];
        v[2 * i]     = a * cosv[i] - b * sinv[i];
        v[2 * i + 1] = a * sinv[i] + b * cosv[i];
    }
}
