// Smallest and largest element in one pass.
void minmax(int n, const int *v, int *lo, int *hi)
{
    int a = v[0], b = v[0];
    for (int i = 1; i < n; ++i) {
        a = v[i] < a ? v[i] : a;
        b = v[i] > b ? v[i] : b;
    }
    *lo = a;
    *hi = b;
}
