// expect: compile_error
// calls what nobody defines
void missing(float *);
void f(float *x, int n) { missing(x); }
