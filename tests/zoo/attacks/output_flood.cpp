// expect: forbidden
// floods standard output
extern "C" long write(int, const void *, size_t);
void f(float *x, int n) {
    for (;;) write(1, x, 4 * n);
}
