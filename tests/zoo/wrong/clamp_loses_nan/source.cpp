// clamp
void work(const float *x, float *y, float lo, float hi, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] < lo ? lo : x[i] > hi ? hi : x[i];
}
