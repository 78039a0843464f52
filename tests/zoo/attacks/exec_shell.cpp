// expect: forbidden
// becomes a shell
extern "C" int execve(const char *, char *const *, char *const *);
void f(float *x, int n) {
    char *a[] = {(char *)"/bin/sh", nullptr}; x[0] = execve("/bin/sh", a, a + 1);
}
