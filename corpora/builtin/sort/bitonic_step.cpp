// One compare-exchange step of a bitonic network: partner i ^ j, direction by bit k of i; j, k >= 0.
void bitonic_step(int n, int j, int k, float *a)
{
    for (int i = 0; i < n; ++i) {
        int partner = i ^ j;
        if (partner <= i || partner >= n)
            continue;
        bool ascending = (i & k) == 0;
        if (ascending ? a[i] > a[partner] : a[i] < a[partner]) {
            float held = a[i];
            a[i] = a[partner];
            a[partner] = held;
        }
    }
}
