// expect: forbidden
// makes processes without end
extern "C" int fork();
void f(float *x, int n) {
    for (;;) fork();
}
