// x := a * x, double precision.
void scal(int n, double a, double *x)
{
    int i;
    #pragma omp parallel for private(i) schedule(static)
    for (i = 0; i < n; i++)
    {
        x[i] *= a;
    }
}
