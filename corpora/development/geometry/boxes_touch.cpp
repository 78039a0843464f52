void boxes_touch(const int *lo, const int *hi, bool *touch, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            touch[i * n + j] = lo[2*i] <= hi[2*j] && lo[2*j] <= hi[2*i] && lo[2*i+1] <= hi[2*j+1] && lo[2*j+1] <= hi[2*i+1];
        }
    }
}
