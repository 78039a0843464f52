void prelu_channels(float *t, const float *alpha, int num, int ch, int inner)
{
    int total = num * ch * inner;
    for (int idx = 0; idx < total; idx++) {
        int c = (idx / inner) % ch;
        t[idx] = t[idx] > 0 ? t[idx] : alpha[c] * t[idx];
    }
}
