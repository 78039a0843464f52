// expect: forbidden
// leaves the process group that is killed
extern "C" int setpgid(int, int);
void f(float *x, int n) {
    x[0] = setpgid(0, 0);
}
