// Euclidean norm without needless overflow: keeps the largest magnitude and the scaled sum of squares.
double nrm2_scaled(int n, const double *x)
{
    double scale = 0.0;
    double ssq = 1.0;
    for (int i = 0; i < n; i++) {
        if (x[i] != 0.0) {
            double a = fabs(x[i]);
            if (scale < a) {
                double q = scale / a;
                ssq = 1.0 + ssq * q * q;
                scale = a;
            } else {
                double q = a / scale;
                ssq += q * q;
            }
        }
    }
    return scale * sqrt(ssq);
}
