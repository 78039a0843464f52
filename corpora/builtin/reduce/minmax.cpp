// Smallest and largest element in one pass; nothing is set when n < 1.
void minmax(int n, const int *v, int *lo, int *hi)
{
    if (n < 1) return;
    int a = v[0], b = v[0];
    for (int i = 1; i < n; ++i) {
        a = v[i] < a ? v[i] : a;
        b = v[i] > b ? v[i] : b;
    }
    *lo = a;
    *hi = b;
}
