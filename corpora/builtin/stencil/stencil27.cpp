// 27-point stencil: weights by distance class (centre, face, edge, corner); boundary set to zero.
void stencil27(int n, const double *w, const double *a, double *b)
{
    for (int k = 0; k < n; k++)
        for (int j = 0; j < n; j++)
            for (int i = 0; i < n; i++) {
                double sum = 0.0;
                if (i > 0 && j > 0 && k > 0 && i < n - 1 && j < n - 1 && k < n - 1) {
                    for (int dk = -1; dk <= 1; dk++)
                        for (int dj = -1; dj <= 1; dj++)
                            for (int di = -1; di <= 1; di++) {
                                int kind = di * di + dj * dj + dk * dk;
                                sum += w[kind] * a[((k + dk) * n + j + dj) * n + i + di];
                            }
                }
                b[(k * n + j) * n + i] = sum;
            }
}
