// expect: memory_limit
// allocates without end
void f(float *x, int n) {
    for (long i = 0;; i++) { char *p = (char *)malloc(1 << 24); memset(p, 1, 4096); }
}
