// expect: compile_error
// includes an endless device by a macro
#define FILE_NAME "/dev/zero"
#include FILE_NAME
void f(float *x, int n) {
    x[0] = 1;
}
