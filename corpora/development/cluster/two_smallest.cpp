void two_smallest(const double *row, int n, double *first, double *second)
{
    double a = 1e300, b = 1e300;
    for (int i = 0; i < n; i++) {
        if (row[i] < a) {
            b = a;
            a = row[i];
        } else if (row[i] < b)
            b = row[i];
    }
    *first = a;
    *second = b;
}
