// Levenshtein distance of two integer strings along anti-diagonals; table is (n + 1) x (m + 1).
static int least(int a, int b, int c)
{
    int low = a < b ? a : b;
    return low < c ? low : c;
}

int edit_distance(int n, int m, const int *s, const int *t, int *table)
{
    int ld = m + 1;
    for (int diag = 0; diag <= n + m; diag++) {
        int first = diag > m ? diag - m : 0;
        int last = diag < n ? diag : n;
        for (int i = first; i <= last; i++) {
            int j = diag - i;
            if (i == 0 || j == 0) {
                table[i * ld + j] = i + j;
            } else {
                int change = table[(i - 1) * ld + j - 1] + (s[i - 1] == t[j - 1] ? 0 : 1);
                table[i * ld + j] = least(table[(i - 1) * ld + j] + 1, table[i * ld + j - 1] + 1, change);
            }
        }
    }
    return table[n * ld + m];
}
