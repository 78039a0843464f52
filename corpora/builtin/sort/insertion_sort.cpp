// Insertion sort of doubles into descending order, in place; no NaN.
void insertion_sort(int n, double *x)
{
    for (int i = 1; i < n; i++) {
        double key = x[i];
        int j = i - 1;
        while (j >= 0 && x[j] < key) {
            x[j + 1] = x[j];
            --j;
        }
        x[j + 1] = key;
    }
}
