// Evaluate a polynomial of given degree (coefficients from constant upwards) at n points by Horner's rule.
void poly_eval(int n, int degree, const double *coeff, const double *x, double *y)
{
    for (int i = 0; i < n; i++) {
        double acc = coeff[degree];
        for (int k = degree - 1; k >= 0; k--)
            acc = acc * x[i] + coeff[k];
        y[i] = acc;
    }
}
