// expect: forbidden
// floods through stdio
#include <cstdio>
#include <string>
void f(float *x, int n) {
    for (;;) printf("%s\n", std::string(1000, 'x').c_str());
}
