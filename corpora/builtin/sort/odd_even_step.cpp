// One phase of odd-even transposition sort: compare-exchange (i, i + 1) for every i of phase's parity.
void odd_even_step(int n, int phase, int *a)
{
    int first = phase & 1;
    for (int i = first; i < n - 1; i += 2) {
        if (a[i] > a[i + 1]) {
            int t = a[i];
            a[i] = a[i + 1];
            a[i + 1] = t;
        }
    }
}
