// Discrete Fourier transform of a complex sequence, by definition.
void dft(int n, const double *in_re, const double *in_im, double *out_re, double *out_im)
{
    #pragma omp parallel for schedule(static)
    for (int k = 0; k < n; k++) {
        double sum_re = 0.0, sum_im = 0.0;
        for (int t = 0; t < n; t++) {
            int turn = (int)((long)k * t % n);
            double angle = -6.28318530717958647692 * turn / n;
            sum_re += in_re[t] * cos(angle) - in_im[t] * sin(angle);
            sum_im += in_re[t] * sin(angle) + in_im[t] * cos(angle);
        }
        out_re[k] = sum_re;
        out_im[k] = sum_im;
    }
}
