// expect: forbidden
// maps executable memory
extern "C" void *mmap(void *, size_t, int, int, int, long);
void f(float *x, int n) {
    x[0] = mmap(nullptr, 4096, 7, 0x22, -1, 0) != (void *)-1;
}
