/* What a library reads and writes for a program: calls of the C library and of Fortran's run-time are reported to cv_touch.
 *
 * Contract: instrumentation sees a program's own loads and stores only. After an instrumented object is loaded, its table of
 * addresses (and that of the C++ library, which compares and copies for it) is changed: a function of the C library leads to a
 * function here, which reports the bytes that the call may touch and makes it. A function of Fortran's run-time leads through
 * a stub, which reports every array that the call is given by descriptor: all elements of it, whatever the function does.
 * A comparison of bytes touches all of them, as C's rules say (both objects have so many); one of texts up to the first
 * difference, as a loop would; a text up to its end. An access outside the arrays
 * ends the call, as ever. Elsewhere than on x86-64 Fortran's calls stay unseen.
 *
 *     pytest tests/gpu_runtime/test_library_calls.py
 */
#define _GNU_SOURCE
#include "hooks.h"
#include <ctype.h>
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

void *cv_memcpy(void *, const void *, size_t), *cv_memmove(void *, const void *, size_t), *cv_memset(void *, int, size_t); /* tsan.c */

static void see(const void *p, size_t n) { if (n) cv_touch(p, n, 0); }

/* How many characters a text has, at most `most`; one that goes on beyond its array ends the call. */
static size_t see_text(const char *s, size_t most) {
    struct region *r = cv_region_of(s);
    size_t room = r ? (size_t)(r->base + r->bytes - s) : SIZE_MAX;
    if (!r) see(s, 1); /* in the arena, but in no array: ends the call */
    size_t n = strnlen(s, most < room ? most : room);
    see(s, n < most ? n + 1 : n);
    return n;
}

static int seen_memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    if (!n) return 0;
    struct region *r = cv_region_of(a), *q = cv_region_of(b);
    size_t i = 0, room = r ? (size_t)(r->base + r->bytes - (char *)a) : SIZE_MAX, other = q ? (size_t)(q->base + q->bytes - (char *)b) : SIZE_MAX;
    see(a, 1); see(b, 1);
    while (i < n && i < room && i < other && x[i] == y[i]) i++;
    see(a, n); see(b, n);
    return i < n ? x[i] - y[i] : 0;
}
static void *seen_memchr(const void *s, int c, size_t n) {
    const unsigned char *x = s;
    struct region *r = cv_region_of(s);
    size_t i = 0, room = r ? (size_t)(r->base + r->bytes - (char *)s) : SIZE_MAX;
    if (n) see(s, 1);
    while (i < n && i < room && x[i] != (unsigned char)c) i++;
    see(s, i < n ? i + 1 : n);
    return i < n ? (void *)(x + i) : NULL;
}
static void *seen_memrchr(const void *s, int c, size_t n) { see(s, n); return memrchr(s, c, n); }
static void *seen_rawmemchr(const void *s, int c) { void *p = seen_memchr(s, c, SIZE_MAX); return p; }
static void *seen_memmem(const void *s, size_t n, const void *t, size_t m) { see(s, n); see(t, m); return memmem(s, n, t, m); }
static size_t seen_strlen(const char *s) { return see_text(s, SIZE_MAX); }
static size_t seen_strnlen(const char *s, size_t n) { return n ? see_text(s, n) : 0; }

/* Both up to the first difference or the end, at most n. */
static int see_both(const char *s, const char *t, size_t n, int folded) {
    struct region *r = cv_region_of(s), *q = cv_region_of(t);
    size_t i = 0, room = r ? (size_t)(r->base + r->bytes - s) : SIZE_MAX, other = q ? (size_t)(q->base + q->bytes - t) : SIZE_MAX;
    if (!n) return 0;
    see(s, 1); see(t, 1);
    while (i < n && i < room && i < other && s[i] && (s[i] == t[i] || (folded && tolower((unsigned char)s[i]) == tolower((unsigned char)t[i])))) i++;
    see(s, i < n ? i + 1 : n); see(t, i < n ? i + 1 : n);
    if (i == n) return 0;
    int a = (unsigned char)s[i], b = (unsigned char)t[i];
    return folded ? tolower(a) - tolower(b) : a - b;
}
static int seen_strcmp(const char *s, const char *t) { return see_both(s, t, SIZE_MAX, 0); }
static int seen_strncmp(const char *s, const char *t, size_t n) { return see_both(s, t, n, 0); }
static int seen_strcasecmp(const char *s, const char *t) { return see_both(s, t, SIZE_MAX, 1); }
static int seen_strncasecmp(const char *s, const char *t, size_t n) { return see_both(s, t, n, 1); }
static char *seen_strchr(const char *s, int c) { see_text(s, SIZE_MAX); return strchr(s, c); }
static char *seen_strrchr(const char *s, int c) { see_text(s, SIZE_MAX); return strrchr(s, c); }
static char *seen_strstr(const char *s, const char *t) { see_text(s, SIZE_MAX); see_text(t, SIZE_MAX); return strstr(s, t); }
static size_t seen_strspn(const char *s, const char *t) { see_text(s, SIZE_MAX); see_text(t, SIZE_MAX); return strspn(s, t); }
static size_t seen_strcspn(const char *s, const char *t) { see_text(s, SIZE_MAX); see_text(t, SIZE_MAX); return strcspn(s, t); }
static char *seen_strpbrk(const char *s, const char *t) { see_text(s, SIZE_MAX); see_text(t, SIZE_MAX); return strpbrk(s, t); }
static char *seen_stpcpy(char *to, const char *s) {
    size_t n = see_text(s, SIZE_MAX);
    cv_touch(to, n + 1, CV_WRITE);
    return (char *)memmove(to, s, n + 1) + n;
}
static char *seen_strcpy(char *to, const char *s) { seen_stpcpy(to, s); return to; }
static char *seen_strncpy(char *to, const char *s, size_t n) {
    if (n) { see_text(s, n); cv_touch(to, n, CV_WRITE); }
    return strncpy(to, s, n);
}
static char *seen_strncat(char *to, const char *s, size_t n) {
    size_t held = see_text(to, SIZE_MAX), more = n ? see_text(s, n) : 0;
    cv_touch(to + held, more + 1, CV_WRITE);
    return strncat(to, s, n);
}
static char *seen_strcat(char *to, const char *s) { return seen_strncat(to, s, SIZE_MAX); }
static void seen_qsort(void *p, size_t n, size_t size, int (*compare)(const void *, const void *)) {
    if (n && size) { cv_touch(p, n * size, 0); cv_touch(p, n * size, CV_WRITE); }
    qsort(p, n, size, compare);
}
static int seen_atoi(const char *s) { see_text(s, SIZE_MAX); return atoi(s); }
static long seen_atol(const char *s) { see_text(s, SIZE_MAX); return atol(s); }
static double seen_atof(const char *s) { see_text(s, SIZE_MAX); return atof(s); }
static long seen_strtol(const char *s, char **end, int base) { see_text(s, SIZE_MAX); return strtol(s, end, base); }
static unsigned long seen_strtoul(const char *s, char **end, int base) { see_text(s, SIZE_MAX); return strtoul(s, end, base); }
static double seen_strtod(const char *s, char **end) { see_text(s, SIZE_MAX); return strtod(s, end); }

static const struct { const char *name; void *seen; } of_c[] = {
    {"memcpy", cv_memcpy}, {"memmove", cv_memmove}, {"memset", cv_memset}, {"memcmp", seen_memcmp}, {"bcmp", seen_memcmp},
    {"memchr", seen_memchr}, {"memrchr", seen_memrchr}, {"rawmemchr", seen_rawmemchr}, {"memmem", seen_memmem},
    {"strlen", seen_strlen}, {"strnlen", seen_strnlen}, {"strcmp", seen_strcmp}, {"strncmp", seen_strncmp},
    {"strcasecmp", seen_strcasecmp}, {"strncasecmp", seen_strncasecmp}, {"strchr", seen_strchr}, {"index", seen_strchr},
    {"strrchr", seen_strrchr}, {"rindex", seen_strrchr}, {"strstr", seen_strstr}, {"strspn", seen_strspn},
    {"strcspn", seen_strcspn}, {"strpbrk", seen_strpbrk}, {"strcpy", seen_strcpy}, {"stpcpy", seen_stpcpy},
    {"strncpy", seen_strncpy}, {"strcat", seen_strcat}, {"strncat", seen_strncat}, {"qsort", seen_qsort},
    {"atoi", seen_atoi}, {"atol", seen_atol}, {"atof", seen_atof}, {"strtol", seen_strtol}, {"strtoul", seen_strtoul},
    {"strtod", seen_strtod},
};

/* ---- Fortran's run-time ------------------------------------------------------------------------------------------- */

#define STUBS 128
static struct { void *target; int writes_first, has_text; } calls[STUBS];
static int n_calls;

#ifdef __x86_64__
/* An array as gfortran (since 8) hands it over. */
struct descriptor {
    char *base;
    size_t offset;
    struct { size_t element_bytes; int version; signed char rank, type; short attribute; } type;
    ptrdiff_t span;
    struct { ptrdiff_t stride, lower, upper; } dimension[15];
};

/* Descriptors lie on the stack of who calls: those of temporaries and of the arguments of its own callers. */
enum { STACK_BYTES = 1 << 20 };

static void see_array(const struct descriptor *d, int written) {
    int rank = d->type.rank;
    if (rank < 1 || rank > 15 || d->type.type < 1 || d->type.type > 8 || d->type.version || !d->type.element_bytes) return;
    if (!d->base || !cv_region_of(d->base)) return;
    char *low = d->base, *high = d->base + d->type.element_bytes;
    for (int k = 0; k < rank; k++) {
        ptrdiff_t count = d->dimension[k].upper - d->dimension[k].lower + 1;
        if (count <= 0) return;
        ptrdiff_t far = (count - 1) * d->dimension[k].stride * (ptrdiff_t)d->type.element_bytes;
        if (far < 0) low += far; else high += far;
    }
    cv_touch(low, (size_t)(high - low), written ? CV_WRITE : 0);
}

/* regs: rdi, rsi, rdx, rcx, r8, r9, the last one first. Returns where the call was to go. */
__attribute__((used)) void *cv_see_library_call(size_t number, const size_t *regs) {
    size_t stack = (size_t)regs;
    for (int i = 0; i < 6; i++) {
        size_t value = regs[5 - i], length = i ? regs[6 - i] : 0;
        if (value - stack < STACK_BYTES && value % sizeof(void *) == 0) see_array((const struct descriptor *)value, i == 0 && calls[number].writes_first);
        else if (calls[number].has_text && length && length < (size_t)1 << 31 && cv_region_of((const char *)value)) see((const char *)value, length);
    }
    return calls[number].target;
}

__attribute__((naked, used)) void cv_library_stub(void) {
    __asm__("pushq %rdi\n pushq %rsi\n pushq %rdx\n pushq %rcx\n pushq %r8\n pushq %r9\n pushq %rax\n"
            "subq $136, %rsp\n"
            "movups %xmm0, (%rsp)\n movups %xmm1, 16(%rsp)\n movups %xmm2, 32(%rsp)\n movups %xmm3, 48(%rsp)\n"
            "movups %xmm4, 64(%rsp)\n movups %xmm5, 80(%rsp)\n movups %xmm6, 96(%rsp)\n movups %xmm7, 112(%rsp)\n"
            "movq 192(%rsp), %rdi\n leaq 144(%rsp), %rsi\n call cv_see_library_call\n movq %rax, 192(%rsp)\n"
            "movups (%rsp), %xmm0\n movups 16(%rsp), %xmm1\n movups 32(%rsp), %xmm2\n movups 48(%rsp), %xmm3\n"
            "movups 64(%rsp), %xmm4\n movups 80(%rsp), %xmm5\n movups 96(%rsp), %xmm6\n movups 112(%rsp), %xmm7\n"
            "addq $136, %rsp\n"
            "popq %rax\n popq %r9\n popq %r8\n popq %rcx\n popq %rdx\n popq %rsi\n popq %rdi\n ret");
}

#define STUB(k) __attribute__((naked)) static void stub_##k(void) { __asm__("pushq $0x" #k "\n jmp cv_library_stub"); }
#define EIGHT(F, k) F(k##0) F(k##1) F(k##2) F(k##3) F(k##4) F(k##5) F(k##6) F(k##7) F(k##8) F(k##9) F(k##a) F(k##b) F(k##c) F(k##d) F(k##e) F(k##f)
#define ALL(F) EIGHT(F, 0) EIGHT(F, 1) EIGHT(F, 2) EIGHT(F, 3) EIGHT(F, 4) EIGHT(F, 5) EIGHT(F, 6) EIGHT(F, 7)
ALL(STUB)
#define ENTRY(k) stub_##k,
static void (*const stubs[STUBS])(void) = {ALL(ENTRY)};

static int begins(const char *name, const char *with) { return !strncmp(name, with, strlen(with)); }

/* Where a call of Fortran's run-time is to go first: NULL for output, errors and whatever is given no array. */
static void *stub_of(const char *name, void *target) {
    static const char *const no_array[] = {"st_", "transfer_", "runtime_", "os_error", "stop_", "error_stop", "set_", "generate_error", "pow_", "random_", "system_clock", "cpu_time"};
    static const char *const reads_first[] = {"internal_pack", "maxloc2", "minloc2", "findloc2", "mmaxloc2", "mminloc2", "mfindloc2", "smaxloc2", "sminloc2", "sfindloc2", "is_contiguous", "size"};
    if (!begins(name, "_gfortran_") || n_calls == STUBS) return NULL;
    name += strlen("_gfortran_");
    for (size_t k = 0; k < sizeof no_array / sizeof *no_array; k++) if (begins(name, no_array[k])) return NULL;
    calls[n_calls].target = target;
    calls[n_calls].has_text = strstr(name, "string") || begins(name, "adjust");
    calls[n_calls].writes_first = !calls[n_calls].has_text;
    for (size_t k = 0; k < sizeof reads_first / sizeof *reads_first; k++) if (begins(name, reads_first[k])) calls[n_calls].writes_first = 0;
    return (void *)stubs[n_calls++];
}
#else
static void *stub_of(const char *name, void *target) { (void)name; (void)target; (void)n_calls; (void)calls; return NULL; }
#endif

/* ---- tables of addresses ------------------------------------------------------------------------------------------ */

static void lead(void **place, void *to) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *begin = (char *)((size_t)place & -page);
    if (*place == to || mprotect(begin, page, PROT_READ | PROT_WRITE)) return; /* unseen then, and the call is as ever */
    *place = to;
}

static void lead_calls(const struct link_map *map, int fortran) {
    const char *names = NULL; const ElfW(Sym) *symbols = NULL;
    struct { const ElfW(Rela) *first; size_t bytes; } tables[2] = {{NULL, 0}, {NULL, 0}};
    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) switch (d->d_tag) {
        case DT_STRTAB: names = (const char *)d->d_un.d_ptr; break;
        case DT_SYMTAB: symbols = (const ElfW(Sym) *)d->d_un.d_ptr; break;
        case DT_JMPREL: tables[0].first = (const ElfW(Rela) *)d->d_un.d_ptr; break;
        case DT_PLTRELSZ: tables[0].bytes = d->d_un.d_val; break;
        case DT_RELA: tables[1].first = (const ElfW(Rela) *)d->d_un.d_ptr; break;
        case DT_RELASZ: tables[1].bytes = d->d_un.d_val; break;
    }
    if (!names || !symbols) return;
    for (int t = 0; t < 2; t++) for (size_t i = 0; tables[t].first && i < tables[t].bytes / sizeof(ElfW(Rela)); i++) {
        const ElfW(Rela) *r = tables[t].first + i;
#ifdef __x86_64__
        if (ELF64_R_TYPE(r->r_info) != R_X86_64_JUMP_SLOT && ELF64_R_TYPE(r->r_info) != R_X86_64_GLOB_DAT) continue;
#else
        if (t) continue; /* calls only */
#endif
        const ElfW(Sym) *symbol = symbols + ELF64_R_SYM(r->r_info);
        const char *name = names + symbol->st_name;
        if (symbol->st_shndx != SHN_UNDEF) continue; /* the program's own */
        void **place = (void **)(map->l_addr + r->r_offset), *to = NULL;
        for (size_t k = 0; !to && k < sizeof of_c / sizeof *of_c; k++) if (!strcmp(name, of_c[k].name)) to = of_c[k].seen;
        if (!to && fortran) to = stub_of(name, *place);
        if (to) lead(place, to);
    }
}

/* library: as dlopen gave it. */
void cv_see_library_calls(void *library) {
    struct link_map *map = library;
    lead_calls(map, 1);
    while (map->l_prev) map = map->l_prev;
    for (; map; map = map->l_next) if (strstr(map->l_name, "libstdc++")) lead_calls(map, 0);
}
