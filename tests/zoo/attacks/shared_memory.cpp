// expect: forbidden
// leaves shared memory behind
extern "C" int shmget(int, size_t, int);
void f(float *x, int n) {
    x[0] = shmget(1234, 4096, 01666);
}
