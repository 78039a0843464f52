// expect: forbidden
// changes the working folder
extern "C" int chdir(const char *);
void f(float *x, int n) {
    x[0] = chdir("/");
}
