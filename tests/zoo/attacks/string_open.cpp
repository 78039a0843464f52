// expect: compile_error
// opens a raw string that never ends
void f(float *x, int n) { x[0] = 1; }
const char *s = R"(
