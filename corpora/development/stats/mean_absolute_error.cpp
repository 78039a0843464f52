float mean_absolute_error(const int *label, const float *score, unsigned n)
{
    float e = 0;
    for (unsigned i = 0; i < n; ++i)
        e += fabsf((float)label[i] - score[i]);
    return n ? e / n : 0.f;
}
