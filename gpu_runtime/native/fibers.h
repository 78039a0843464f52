/* Stack switching for the emulation: a context is a saved stack pointer; fibers have their own stack with a guard page.
 *
 * x86-64 leaves by `pop; jmp` instead of `ret`, which would be mispredicted at every switch. Other CPUs use ucontext (slow).
 */
#ifndef CV_FIBERS_H
#define CV_FIBERS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define FIBER_STACK_BYTES ((size_t)256 << 10)
#define FIBER_GUARD_BYTES ((size_t)4096)

#if defined(__x86_64__)
struct context { void *sp; };
void cv_switch_stack(void **save, void *load);
__asm__(".text\n.globl cv_switch_stack\n.type cv_switch_stack,@function\ncv_switch_stack:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  popq %rcx\n  jmp *%rcx\n.size cv_switch_stack,.-cv_switch_stack\n");

static inline void context_make(struct context *c, char *stack, size_t bytes, void (*entry)(void)) {
    void **top = (void **)(stack + (bytes & ~(size_t)15) - 64);
    *--top = 0;                 /* where the return address of entry would be: keeps the stack aligned as after a call */
    *--top = (void *)entry;
    for (int i = 0; i < 6; i++) *--top = 0;
    c->sp = top;
}
static inline void context_switch(struct context *from, struct context *to) { cv_switch_stack(&from->sp, to->sp); }
#else
#include <ucontext.h>
struct context { ucontext_t u; };
static inline void context_make(struct context *c, char *stack, size_t bytes, void (*entry)(void)) {
    getcontext(&c->u);
    c->u.uc_stack.ss_sp = stack;
    c->u.uc_stack.ss_size = bytes;
    c->u.uc_link = NULL;
    makecontext(&c->u, entry, 0);
}
static inline void context_switch(struct context *from, struct context *to) { swapcontext(&from->u, &to->u); }
#endif

/* A new stack, or NULL. The lowest page is a guard, so that an overflow is a fault and not a neighbour's data; stacks by the
 * ten thousand have none, as each would be two mappings. */
static inline char *fiber_stack(int guarded) {
    char *p = mmap(NULL, FIBER_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (guarded) mprotect(p, FIBER_GUARD_BYTES, PROT_NONE);
    return p;
}
#endif
