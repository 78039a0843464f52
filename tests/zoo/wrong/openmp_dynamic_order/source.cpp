// places of positives
int work(int n, const float *x, int *at) {
    int k = 0;
    for (int i = 0; i < n; i++)
        if (x[i] > 0) at[k++] = i;
    return k;
}
