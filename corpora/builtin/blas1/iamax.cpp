// Returns the 0-based index of the first element of largest magnitude (0 when n < 1).
int iamax(int n, const float *x)
{
    if (n < 1)
        return 0;
    int best = 0;
    float big = fabsf(x[0]);
    for (int i = 1; i < n; i++) {
        float m = fabsf(x[i]);
        if (m > big) {
            big = m;
            best = i;
        }
    }
    return best;
}
