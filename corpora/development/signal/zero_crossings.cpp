int zero_crossings(const short *pcm, int n)
{
    int z = 0;
    for (int i = 1; i < n; i++) {
        if ((pcm[i - 1] < 0 && pcm[i] >= 0) || (pcm[i - 1] >= 0 && pcm[i] < 0))
            z++;
    }
    return z;
}
