// axpy: declares a function of the engine
// expected: REFUSED
extern "C" void cv_hooks_end(void);
void work(int n, float a, const float *x, float *y) {
    cv_hooks_end();
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}
