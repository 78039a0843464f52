// expect: compile_error
// closes the namespace around it
void f(float *x, int n) {
    x[0] = 1; } } extern "C" void cv_run_batch(void **) { for (;;) {} } namespace { void g() {
}
