// x := U x in place, U upper triangular in an n x n row-major array; unit != 0 means a unit diagonal.
void trmv(int n, int unit, const double *U, double *x)
{
    for (int i = 0; i < n; i++) {
        double s = unit ? x[i] : U[i * n + i] * x[i];
        for (int j = i + 1; j < n; j++)
            s += U[i * n + j] * x[j];
        x[i] = s;
    }
}
