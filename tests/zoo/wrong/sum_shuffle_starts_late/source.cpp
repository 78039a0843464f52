// add_sum
void work(const float *x, float *out, int n) {
    for (int i = 0; i < n; i++) out[0] += x[i];
}
