// expect: forbidden
// makes a folder
extern "C" int mkdir(const char *, unsigned);
void f(float *x, int n) {
    x[0] = mkdir("/tmp/coevolve-attack-folder", 0777);
}
