// sum: the reduction starts at 1
// expected: MISMATCH
void work(const float *x, float *out, int n) {
    float s = 1.0f;
    #pragma omp parallel for reduction(+ : s)
    for (int i = 0; i < n; i++) s += x[i];
    out[0] = s;
}
