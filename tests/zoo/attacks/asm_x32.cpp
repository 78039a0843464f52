// expect: forbidden
// calls the kernel by its x32 numbers
void f(float *x, int n) {
    long r; asm volatile("syscall" : "=a"(r) : "a"(0x40000000 + 39) : "rcx", "r11", "memory"); x[0] = r;
}
