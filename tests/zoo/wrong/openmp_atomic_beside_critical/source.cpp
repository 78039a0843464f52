// sum
double work(int n, const double *x) {
    double s = 0.0;
    for (int i = 0; i < n; i++) s += x[i];
    return s;
}
