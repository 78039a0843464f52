// expect: ok 1
// brings its own malloc; it gets it, the harness does not
static char pool[1 << 16];
static void *malloc(size_t) { return pool; }
void f(float *x, int n) {
    x[0] = malloc(16) == pool;
}
