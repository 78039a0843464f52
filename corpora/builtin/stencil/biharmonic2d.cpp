// 13-point biharmonic operator on points at least two away from the edge; zero elsewhere.
void biharmonic2d(int n, int m, const double *w, double *out)
{
    for (int p = 0; p < n * m; p++)
        out[p] = 0.0;
    for (int i = 2; i < n - 2; i++) {
        for (int j = 2; j < m - 2; j++) {
            const double *c = w + i * m + j;
            double near = c[-1] + c[1] + c[-m] + c[m];
            double diagonal = c[-m - 1] + c[-m + 1] + c[m - 1] + c[m + 1];
            double far = c[-2] + c[2] + c[-2 * m] + c[2 * m];
            out[i * m + j] = 20.0 * c[0] - 8.0 * near + 2.0 * diagonal + far;
        }
    }
}
