// One decimation-in-time stage in place: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends stay.
void fft_butterfly(int n, int half, double *re, double *im)
{
    const double pi = 3.14159265358979323846;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if ((i / half) % 2 != 0 || i + half >= n)
            continue;
        double angle = -pi * (i % half) / half;
        double c = cos(angle), s = sin(angle);
        double tr = c * re[i + half] - s * im[i + half];
        double ti = c * im[i + half] + s * re[i + half];
        re[i + half] = re[i] - tr;
        im[i + half] = im[i] - ti;
        re[i] += tr;
        im[i] += ti;
    }
}
