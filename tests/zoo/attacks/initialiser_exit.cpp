// expect: early_exit
// ends the process in a global initialiser
extern "C" int _exit(int);
static int gone = _exit(0);
void f(float *x, int n) {
    x[0] = gone;
}
