// Reflects the columns of the m x n row-major A: A := (I - 2 v v^T / (v^T v)) A; nothing happens when v is zero.
void householder_apply(int m, int n, const double *v, double *A)
{
    double vv = 0.0;
    #pragma omp parallel for reduction(+:vv)
    for (int i = 0; i < m; i++)
        vv += v[i] * v[i];
    if (vv == 0.0)
        return;
    const double tau = 2.0 / vv;
    #pragma omp parallel for
    for (int j = 0; j < n; j++) {
        double w = 0.0;
        for (int i = 0; i < m; i++)
            w += v[i] * A[i * n + j];
        w *= tau;
        for (int i = 0; i < m; i++)
            A[i * n + j] -= w * v[i];
    }
}
