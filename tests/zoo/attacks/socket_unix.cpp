// expect: forbidden
// opens a local socket
extern "C" int socket(int, int, int);
void f(float *x, int n) {
    x[0] = socket(1, 1, 0);
}
