// Conjugate gradients preconditioned by the diagonal, at most `iters` steps, for A = tridiag(-1, 2 + c[i]^2, -1).
// x starts from zero; r, z, p, q are scratch vectors of length n. Returns the number of steps done.
int pcg_diagonal(int n, int iters, double tolerance, const double *c, const double *b, double *x,
                 double *r, double *z, double *p, double *q)
{
    double rz = 0.0;
    for (int i = 0; i < n; i++) {
        x[i] = 0.0;
        r[i] = b[i];
        z[i] = r[i] / (2.0 + c[i] * c[i]);
        p[i] = z[i];
        rz += r[i] * z[i];
    }
    const double limit = tolerance * tolerance * rz;
    int done = 0;
    while (done < iters && rz > limit) {
        double pq = 0.0, next = 0.0;
        for (int i = 0; i < n; i++) {
            q[i] = (2.0 + c[i] * c[i]) * p[i];
            if (i > 0) q[i] -= p[i - 1];
            if (i < n - 1) q[i] -= p[i + 1];
            pq += p[i] * q[i];
        }
        for (int i = 0; i < n; i++) {
            x[i] += rz / pq * p[i];
            r[i] -= rz / pq * q[i];
            z[i] = r[i] / (2.0 + c[i] * c[i]);
            next += r[i] * z[i];
        }
        for (int i = 0; i < n; i++)
            p[i] = z[i] + next / rz * p[i];
        rz = next;
        done++;
    }
    return done;
}
