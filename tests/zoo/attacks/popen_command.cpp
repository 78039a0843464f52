// expect: forbidden
// runs a command with a pipe
extern "C" void *popen(const char *, const char *);
void f(float *x, int n) {
    x[0] = popen("id", "r") != nullptr;
}
