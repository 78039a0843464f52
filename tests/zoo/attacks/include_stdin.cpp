// expect: ok 1
// includes the compiler's input, which is empty
#define FILE_NAME "/dev/stdin"
#include FILE_NAME
void f(float *x, int n) {
    x[0] = 1;
}
