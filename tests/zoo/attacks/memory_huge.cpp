// expect: memory_limit
// asks for more than any machine has
void f(float *x, int n) {
    char *p = (char *)calloc(1L << 40, 1); x[0] = p[12345];
}
