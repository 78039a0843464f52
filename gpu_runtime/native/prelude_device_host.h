/* Host functions beside a real device: what prelude_cuda.h asks of the emulation is asked of the GPU worker instead.
 *
 * Contract: comes after prelude_cuda.h, prelude_cuda_host.h and shim_cuda.h. The worker (cuda_host.py) fills `cv_gpu` after
 * loading the artifact. A kernel is a stub that gives its name, as the compiler spells it, and the addresses of its arguments.
 */
extern "C" {
struct cv_gpu_calls {
    int (*allocate)(void **out, unsigned long bytes, int managed);
    int (*release)(void *p);
    int (*copy)(void *to, const void *from, unsigned long bytes, int kind);
    int (*set)(void *to, int value, unsigned long bytes);
    int (*launch)(const char *name, const unsigned *geometry, unsigned long shared_bytes, void **arguments, int count);
    int (*symbol)(const char *name, void **address);
};
__attribute__((visibility("default"))) cv_gpu_calls cv_gpu = {};
static int cv_last_error;
static const cv_config *cv_pending;
int cv_cuda_malloc(void **out, unsigned long bytes, int where) {
    int e = where == 2 ? !(*out = __builtin_malloc(bytes)) * 2 : cv_gpu.allocate(out, bytes, where);
    if (e) cv_last_error = e;
    return e;
}
int cv_pinned_free(void *p) { __builtin_free(p); return 0; }
int cv_cuda_free(void *p) { int e = cv_gpu.release(p); if (e) cv_last_error = e; return e; }
int cv_cuda_memcpy(void *to, const void *from, unsigned long bytes, int kind, unsigned long, int) { int e = cv_gpu.copy(to, from, bytes, kind); if (e) cv_last_error = e; return e; }
unsigned long cv_stream(int, unsigned long, unsigned long) { return 8; } /* the worker does everything in order */
void cv_stream_begin(unsigned long) {}
void cv_stream_end(int) {}
int cv_cuda_memset(void *to, int value, unsigned long bytes, unsigned long, int) { int e = cv_gpu.set(to, value, bytes); if (e) cv_last_error = e; return e; }
int cv_cuda_error(int clear) { int e = cv_last_error; if (clear) cv_last_error = 0; return e; }
void cv_cuda_set_error(int error) { if (error) cv_last_error = error; }
void cv_set_order(int) { cv_last_error = 0; }
void cv_stale_stacks(int) {}
void cv_shared_section(char *, unsigned long) {}
void *cv_placed(unsigned long *, unsigned long) { return nullptr; } /* kernels do not run here */
void cv_device_section(char *, unsigned long, int, int) {}
int cv_allow_shared(const char *, unsigned long) { return 0; } /* the device itself refuses */
int cv_over_limits(const char *, unsigned long, unsigned long, unsigned long, unsigned long) { return 0; }
/* The body runs once, here: it ends in the kernel's stub, which knows the arguments as the kernel's own types. */
static int cv_launch_result;
int cv_launch(const unsigned grid[3], const unsigned block[3], unsigned long shared_bytes, void (*body)(void *), void *closure, int) {
    cv_config config(dim3(grid[0], grid[1], grid[2]), dim3(block[0], block[1], block[2]), shared_bytes);
    const cv_config *outer = cv_pending;
    cv_pending = &config;
    cv_launch_result = 0;
    body(closure);
    cv_pending = outer;
    return cv_launch_result;
}
}
template <class... A> inline void cv_stub(const char *name, A &...a) {
    void *p[] = {(void *)&a..., nullptr};
    const cv_config &c = *cv_pending;
    const unsigned g[6] = {c.grid.x, c.grid.y, c.grid.z, c.block.x, c.block.y, c.block.z};
    cv_launch_result = cv_gpu.launch(name, g, c.shared_bytes, p, (int)sizeof...(A));
}
#define CV_STUB(...) cv_stub(__VA_ARGS__)
inline cudaError_t cv_to_symbol(const char *name, const void *from, size_t n, size_t offset = 0, int kind = 1, cudaStream_t = 0) {
    void *p; int e = cv_gpu.symbol(name, &p);
    return (cudaError_t)(e ? e : cv_cuda_memcpy((char *)p + offset, from, n, kind, 0, 0));
}
inline cudaError_t cv_from_symbol(void *to, const char *name, size_t n, size_t offset = 0, int kind = 2, cudaStream_t = 0) {
    void *p; int e = cv_gpu.symbol(name, &p);
    return (cudaError_t)(e ? e : cv_cuda_memcpy(to, (const char *)p + offset, n, kind, 0, 0));
}
#define cudaMemcpyToSymbol(symbol, ...) cv_to_symbol(#symbol, __VA_ARGS__)
#define cudaMemcpyToSymbolAsync(symbol, ...) cv_to_symbol(#symbol, __VA_ARGS__)
#define cudaMemcpyFromSymbol(to, symbol, ...) cv_from_symbol(to, #symbol, __VA_ARGS__)
#define cudaMemcpyFromSymbolAsync(to, symbol, ...) cv_from_symbol(to, #symbol, __VA_ARGS__)
#define cudaGetSymbolAddress(p, symbol) ((cudaError_t)cv_gpu.symbol(#symbol, (void **)(p)))
/* Device functions that host code cannot call still name them. */
__asm__(".local cv_thread_idx, cv_block_idx, cv_block_dim, cv_grid_dim, cv_dynamic_shared\n"
        ".comm cv_thread_idx,12,16\n.comm cv_block_idx,12,16\n.comm cv_block_dim,12,16\n.comm cv_grid_dim,12,16\n.comm cv_dynamic_shared,16,16");
