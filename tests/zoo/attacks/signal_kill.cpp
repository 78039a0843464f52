// expect: forbidden
// looks as if the machine had killed it
extern "C" int raise(int);
void f(float *x, int n) {
    raise(9);
}
