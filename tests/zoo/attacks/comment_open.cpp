// expect: compile_error
// opens a comment that never ends
void f(float *x, int n) { x[0] = 1; }
/* swallows what follows
