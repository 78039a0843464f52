// x := a * x, double precision.
void scal(int n, double a, double *x)
{
    int i;
    for (i = 0; i < n; i++)
    {
        x[i] *= a;
    }
}
