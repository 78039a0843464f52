// One decimation-in-time stage: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends are copied.
void fft_butterfly(int n, int half, const double *re, const double *im, double *out_re, double *out_im)
{
    const double pi = 3.14159265358979323846;
    for (int i = 0; i < n; i++) {
        bool upper = (i / half) % 2 != 0;
        int first = upper ? i - half : i;
        int second = first + half;
        out_re[i] = re[i];
        out_im[i] = im[i];
        if (second >= n)
            continue;
        double angle = -pi * (first % half) / half;
        double c = cos(angle), s = sin(angle);
        double tr = c * re[second] - s * im[second];
        double ti = c * im[second] + s * re[second];
        out_re[i] = upper ? re[first] - tr : re[first] + tr;
        out_im[i] = upper ? im[first] - ti : im[first] + ti;
    }
}
