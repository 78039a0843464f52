// Returns the Euclidean norm of x (plain sum of squares).
float nrm2(int n, const float *x) {
    float ss = 0.0f;
#pragma omp target teams distribute parallel for simd reduction(+ : ss) map(to : x[0 : n]) map(tofrom : ss)
    for (int i = 0; i < n; ++i) {
        const float v = x[i];
        ss += v * v;
    }
    return sqrtf(ss);
}
