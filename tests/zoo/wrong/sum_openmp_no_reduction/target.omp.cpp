// sum: the sum is shared without a reduction
// expected: RACE
void work(const float *x, float *out, int n) {
    float s = 0.0f;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) s += x[i];
    out[0] = s;
}
