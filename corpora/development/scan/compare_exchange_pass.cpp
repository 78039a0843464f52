void compare_exchange_pass(int *data, int n, int distance, int block)
{
    for (int i = 0; i < n; i++) {
        int j = i ^ distance;
        if (j <= i || j >= n) continue;
        bool ascending = (i & block) == 0;
        if ((data[i] > data[j]) == ascending) {
            int t = data[i];
            data[i] = data[j];
            data[j] = t;
        }
    }
}
