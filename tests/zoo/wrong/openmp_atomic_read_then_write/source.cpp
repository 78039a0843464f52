double work(int n, const double *x) {
    double total = 0.0;
    for (int i = 0; i < n; i++)
        if (x[i] > 0.25) total += x[i];
    return total;
}
