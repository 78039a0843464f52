// y := L x, L lower triangular, packed row by row: entry (i, j) is at i*(i+1)/2 + j.
void tpmv(int n, const double *packed, const double *x, double *y)
{
    int pos = 0;
    for (int i = 0; i < n; i++) {
        double s = 0.0;
        for (int j = 0; j <= i; j++)
            s += packed[pos++] * x[j];
        y[i] = s;
    }
}
