// Givens rotation that annihilates b: c[0], s[0] with c*a + s*b = r[0] and c*b - s*a = 0.
void rotg(double a, double b, double *c, double *s, double *r)
{
    if (b == 0.0) {
        c[0] = 1.0;
        s[0] = 0.0;
        r[0] = a;
        return;
    }
    double h = sqrt(a * a + b * b);
    c[0] = a / h;
    s[0] = b / h;
    r[0] = h;
}
