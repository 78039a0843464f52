// expect: compile_error
// has the assembler include a file
extern "C" const char stolen;
asm(".data\nstolen: .incbin \"/etc/passwd\"\n");
void f(float *x, int n) {
    x[0] = stolen;
}
