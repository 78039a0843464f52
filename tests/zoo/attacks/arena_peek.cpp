// expect: out_of_bounds
// reads on, looking for other tests' data
void f(float *x, int n) {
    float s = 0; for (long i = 0; i < 1 << 20; i++) s += x[i]; x[0] = s;
}
