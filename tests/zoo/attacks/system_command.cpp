// expect: forbidden
// runs a command
extern "C" int system(const char *);
void f(float *x, int n) {
    x[0] = system("touch /tmp/coevolve-attack");
}
