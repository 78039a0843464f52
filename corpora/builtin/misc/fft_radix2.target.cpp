// Radix-2 FFT in place of the first m points, m the largest power of two that is not above n.
#pragma omp declare target
static int mirrored(int i, int levels)
{
    int r = 0;
    for (int b = 0; b < levels; b++)
        r |= (i >> b & 1) << (levels - 1 - b);
    return r;
}
#pragma omp end declare target

void fft_radix2(int n, double *re, double *im)
{
    const double pi = 3.14159265358979323846;
    if (n < 1)
        return;
    int m = 1, levels = 0;
    while (2 * m <= n) {
        m *= 2;
        levels++;
    }
    #pragma omp target data map(tofrom: re[0:m], im[0:m])
    {
        #pragma omp target teams distribute parallel for
        for (int i = 0; i < m; i++) {
            int r = mirrored(i, levels);
            if (r <= i)
                continue;
            double t = re[i];
            re[i] = re[r];
            re[r] = t;
            t = im[i];
            im[i] = im[r];
            im[r] = t;
        }
        for (int half = 1; half < m; half *= 2) {
            #pragma omp target teams distribute parallel for
            for (int b = 0; b < m / 2; b++) {
                int k = b % half;
                int p = b / half * 2 * half + k, q = p + half;
                double c = cos(pi * k / half), s = -sin(pi * k / half);
                double tr = c * re[q] - s * im[q], ti = c * im[q] + s * re[q];
                re[q] = re[p] - tr;
                im[q] = im[p] - ti;
                re[p] += tr;
                im[p] += ti;
            }
        }
    }
}
