// Logistic function of every element, computed without overflow.
void sigmoid(int n, const double *x, double *y)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (x[i] >= 0.0) {
            y[i] = 1.0 / (1.0 + exp(-x[i]));
        } else {
            double e = exp(x[i]);
            y[i] = e / (1.0 + e);
        }
    }
}
