// expect: compile_error
// includes a header outside the list
#include <fstream>
void f(float *x, int n) {
    x[0] = 1;
}
