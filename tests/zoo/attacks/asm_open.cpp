// expect: forbidden
// calls the kernel by hand
void f(float *x, int n) {
    long r; const char *p = "/etc/passwd"; asm volatile("syscall" : "=a"(r) : "a"(2), "D"(p), "S"(0), "d"(0) : "rcx", "r11", "memory"); x[0] = r;
}
