// Ascending Shell sort of integers in place, gaps n/2, n/4, ..., 1.
void shell_sort(int n, long *a)
{
    for (int gap = n / 2; gap > 0; gap /= 2)
        for (int i = gap; i < n; ++i) {
            long moving = a[i];
            int j = i;
            for (; j >= gap && a[j - gap] > moving; j -= gap)
                a[j] = a[j - gap];
            a[j] = moving;
        }
}
