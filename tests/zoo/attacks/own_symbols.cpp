// expect: ok 1
// defines the names of the harness: they bind to nothing
extern "C" void cv_hooks_end() { for (;;) {} }
extern "C" void cv_run_batch() { for (;;) {} }
void f(float *x, int n) {
    x[0] = 1;
}
