// expect: compile_error
// opens a condition that never ends
void f(float *x, int n) { x[0] = 1; }
#if 0
