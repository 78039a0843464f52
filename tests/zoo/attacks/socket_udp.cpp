// expect: forbidden
// opens a UDP socket
extern "C" int socket(int, int, int);
void f(float *x, int n) {
    x[0] = socket(2, 2, 0);
}
