// expect: timeout
// blocks every signal and spins
extern "C" int sigprocmask(int, const void *, void *);
void f(float *x, int n) {
    unsigned long all[16]; memset(all, 255, sizeof all); sigprocmask(0, all, nullptr); for (;;) x[0] += 1;
}
