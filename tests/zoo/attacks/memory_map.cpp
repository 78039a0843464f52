// expect: signal
// maps more than the limit; the failure is its own to handle
extern "C" void *mmap(void *, size_t, int, int, int, long);
void f(float *x, int n) {
    char *p = (char *)mmap(nullptr, 1L << 45, 3, 0x4022, -1, 0); p[0] = 1;
}
