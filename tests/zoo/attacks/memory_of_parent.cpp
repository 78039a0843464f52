// expect: forbidden
// reads the runner's memory
extern "C" long process_vm_readv(int, void *, unsigned long, void *, unsigned long, unsigned long);
void f(float *x, int n) {
    char b[64]; long v[2] = {(long)b, 64}, r[2] = {0x400000, 64}; x[0] = process_vm_readv(1, v, 1, r, 1, 0);
}
