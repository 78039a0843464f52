// Conjugate gradients, at most `iters` steps, for (-d2/dx2 + c^2) x = b on n points: A = tridiag(-1, 2 + c[i]^2, -1),
// which is symmetric positive definite for every c. x enters as the first guess and leaves as the solution.
// All vectors stay on the device; only the inner products come back.
static void apply(int n, const double *c, const double *p, double *q)
{
    #pragma omp target teams distribute parallel for map(to: c[0:n], p[0:n]) map(from: q[0:n])
    for (int i = 0; i < n; i++) {
        double left = i > 0 ? p[i - 1] : 0.0;
        double right = i < n - 1 ? p[i + 1] : 0.0;
        q[i] = (2.0 + c[i] * c[i]) * p[i] - left - right;
    }
}

static double inner(int n, const double *u, const double *v)
{
    double s = 0.0;
    #pragma omp target teams distribute parallel for reduction(+:s) map(to: u[0:n], v[0:n]) map(tofrom: s)
    for (int i = 0; i < n; i++) s += u[i] * v[i];
    return s;
}

void cg(int n, int iters, const double *c, const double *b, double *x)
{
    double *r = new double[n], *p = new double[n], *q = new double[n];
    #pragma omp target enter data map(to: c[0:n], b[0:n], x[0:n]) map(alloc: r[0:n], p[0:n], q[0:n])
    apply(n, c, x, q);
    #pragma omp target teams distribute parallel for
    for (int i = 0; i < n; i++) {
        r[i] = b[i] - q[i];
        p[i] = r[i];
    }
    double rr = inner(n, r, r);
    const double stop = 1e-24 * rr;
    for (int it = 0; it < iters && rr > stop; it++) {
        apply(n, c, p, q);
        double alpha = rr / inner(n, p, q);
        #pragma omp target teams distribute parallel for
        for (int i = 0; i < n; i++) {
            x[i] += alpha * p[i];
            r[i] -= alpha * q[i];
        }
        double next = inner(n, r, r);
        double beta = next / rr;
        rr = next;
        #pragma omp target teams distribute parallel for
        for (int i = 0; i < n; i++) p[i] = r[i] + beta * p[i];
    }
    #pragma omp target exit data map(from: x[0:n]) map(delete: c[0:n], b[0:n], r[0:n], p[0:n], q[0:n])
    delete[] r;
    delete[] p;
    delete[] q;
}
