// expect: ok 0
// looks for secrets in the environment, of which there is none
extern "C" char **environ;
extern "C" char *getenv(const char *);
void f(float *x, int n) {
    x[0] = getenv("PATH") || getenv("HOME") || getenv("COEVOLVE_CANARY") || environ && environ[0];
}
