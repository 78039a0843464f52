void row_pointers(const int *sorted_rows, int nnz, int *ptr, int n)
{
    int e = 0;
    for (int r = 0; r <= n; r++) {
        while (e < nnz && sorted_rows[e] < r)
            e++;
        ptr[r] = e;
    }
}
