// expect: forbidden
// calls the kernel by its 32-bit door
void f(float *x, int n) {
    int r; asm volatile("int $0x80" : "=a"(r) : "a"(20)); x[0] = r;
}
