void reverse_in_place(long *v, int n)
{
    for (int i = 0, j = n - 1; i < j; i++, j--) {
        long t = v[i];
        v[i] = v[j];
        v[j] = t;
    }
}
