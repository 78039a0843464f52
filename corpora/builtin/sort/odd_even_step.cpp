// One phase of odd-even transposition sort, out of place: pairs (i, i + 1) with i of the phase's parity.
void odd_even_step(int n, int phase, const int *in, int *out)
{
    for (int i = 0; i < n; i++) {
        bool left = ((i ^ phase) & 1) == 0;
        int other = left ? i + 1 : i - 1;
        if (other < 0 || other >= n)
            out[i] = in[i];
        else if (left)
            out[i] = in[i] < in[other] ? in[i] : in[other];
        else
            out[i] = in[i] > in[other] ? in[i] : in[other];
    }
}
