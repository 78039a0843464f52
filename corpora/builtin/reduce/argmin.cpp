// Returns the 0-based index of the first smallest element (0 when n < 1).
int argmin(int n, const double *v)
{
    int at = 0;
    for (int i = 1; i < n; i++) {
        if (v[i] < v[at]) {
            at = i;
        }
    }
    return at;
}
