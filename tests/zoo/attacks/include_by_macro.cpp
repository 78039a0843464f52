// expect: compile_error
// includes a file of the host, its name hidden in a macro
#define FILE_NAME "/etc/passwd"
#include FILE_NAME
void f(float *x, int n) {
    x[0] = 1;
}
