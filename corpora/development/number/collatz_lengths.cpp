void collatz_lengths(int *len, int n, int cap)
{
    for (int i = 0; i < n; i++) {
        unsigned int v = i + 1;
        int steps = 0;
        while (v != 1 && steps < cap) {
            v = (v % 2 == 0) ? v / 2 : 3 * v + 1;
            steps++;
        }
        len[i] = steps;
    }
}
