// expect: ok 0
// sets a variable: its own process only
extern "C" int setenv(const char *, const char *, int);
void f(float *x, int n) {
    setenv("LD_PRELOAD", "evil.so", 1); x[0] = 0;
}
