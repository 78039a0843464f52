// total
double work(int n, double w, const double *x) {
    double s = 0;
    for (int i = 0; i < n; i++) s += w * x[i];
    return s;
}
