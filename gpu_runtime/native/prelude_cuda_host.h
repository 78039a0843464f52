/* Launches and the run-time calls that translations use; comes after prelude_cuda.h. Device memory is device.c's.
 *
 * `k<<<g, b, s>>>(args)` arrives here rewritten as cv_call(cv_config(g, b, s), [](auto... a) { k(a...); }, args).
 */
enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorInitializationError = 3,
    cudaErrorInvalidConfiguration = 9, cudaErrorInvalidDevicePointer = 17, cudaErrorInvalidMemcpyDirection = 21, cudaErrorNotReady = 600,
    cudaErrorIllegalAddress = 700, cudaErrorLaunchFailure = 719, cudaErrorCooperativeLaunchTooLarge = 720, cudaErrorUnknown = 999 };
typedef cudaError_t cudaError;
enum cudaMemcpyKind { cudaMemcpyHostToHost = 0, cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3, cudaMemcpyDefault = 4 };
typedef struct cv_stream_ *cudaStream_t;
typedef struct cv_event_ *cudaEvent_t;
struct cudaDeviceProp { char name[256]; size_t totalGlobalMem, sharedMemPerBlock; int regsPerBlock, warpSize, maxThreadsPerBlock, maxThreadsDim[3],
    maxGridSize[3], clockRate, major, minor, multiProcessorCount, maxThreadsPerMultiProcessor, concurrentKernels, managedMemory, unifiedAddressing, cooperativeLaunch; size_t totalConstMem; };
enum cudaDeviceAttr { cudaDevAttrMaxThreadsPerBlock = 1, cudaDevAttrMaxSharedMemoryPerBlock = 8, cudaDevAttrWarpSize = 10, cudaDevAttrMultiProcessorCount = 16, cudaDevAttrCooperativeLaunch = 95 };
enum cudaFuncCache { cudaFuncCachePreferNone, cudaFuncCachePreferShared, cudaFuncCachePreferL1, cudaFuncCachePreferEqual };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8, cudaFuncAttributePreferredSharedMemoryCarveout = 9 };
enum { cudaMemAttachGlobal = 1, cudaHostAllocDefault = 0, cudaHostAllocMapped = 2, cudaHostRegisterDefault = 0, cudaStreamDefault = 0,
    cudaStreamNonBlocking = 1, cudaEventDefault = 0, cudaEventDisableTiming = 2, cudaCpuDeviceId = -1 };

struct cv_config {
    dim3 grid, block;
    unsigned long shared_bytes, stream;
    const char *kernel = nullptr; /* its name, static __shared__ bytes and __launch_bounds__ (0: none), where they are known */
    unsigned long static_bytes = 0, most_threads = 0;
    cv_config(dim3 g, dim3 b, unsigned long s = 0, cudaStream_t on = 0) : grid(g), block(b), shared_bytes(s), stream((unsigned long)on) {}
    CV_UNSEEN cv_config &&of(const char *name, unsigned long bytes = 0, unsigned long threads = 0) && {
        kernel = name; static_bytes = bytes; most_threads = threads;
        return (cv_config &&)*this;
    }
};
#define CV_NAME_(...) #__VA_ARGS__
#define CV_NAME(...) CV_NAME_(__VA_ARGS__)
template <class F, class... A> CV_UNSEEN inline int cv_run(const cv_config &c, int host_style, F f, A... a) {
    const unsigned grid[3] = {c.grid.x, c.grid.y, c.grid.z}, block[3] = {c.block.x, c.block.y, c.block.z};
    auto one_thread = [&]() CV_UNSEEN { f(a...); };
    return cv_launch(grid, block, c.shared_bytes, [](void *p) CV_UNSEEN { (*(decltype(one_thread) *)p)(); }, &one_thread, host_style);
}
template <class F, class... A> CV_UNSEEN inline void cv_call(const cv_config &c, F f, A... a) {
    cv_stream_begin(c.stream);
    int over = cv_over_limits(c.kernel, c.static_bytes, c.most_threads, (unsigned long)c.block.x * c.block.y * c.block.z, c.shared_bytes);
    cv_cuda_set_error(over ? over : cv_run(c, 1, f, a...));
    cv_stream_end(0);
}
/* Launches by pointers to the arguments. The cast to void * is taken off the kernel before (cuda_rewrite). */
template <unsigned long... I> struct cv_places {};
template <class... P, unsigned long... I> CV_UNSEEN inline int cv_run_pointers(const cv_config &c, void (*f)(P...), void **a, cv_places<I...>) {
    return cv_run(c, 1, [f](auto... v) CV_UNSEEN { f(v...); }, *(P *)a[I]...);
}
template <class... P> CV_UNSEEN inline cudaError_t cudaLaunchKernel(void (*f)(P...), dim3 g, dim3 b, void **a, unsigned long s = 0, cudaStream_t on = 0) {
    cv_stream_begin((unsigned long)on);
    int error = cv_run_pointers(cv_config(g, b, s, on), f, a, cv_places<__integer_pack(sizeof...(P))...>());
    cv_cuda_set_error(error);
    cv_stream_end(0);
    return (cudaError_t)error;
}
template <class... P> CV_UNSEEN inline cudaError_t cudaLaunchCooperativeKernel(void (*f)(P...), dim3 g, dim3 b, void **a, unsigned long s = 0, cudaStream_t on = 0) {
    cv_cooperative(1);
    cudaError_t error = cudaLaunchKernel(f, g, b, a, s, on);
    cv_cooperative(0);
    return error;
}
/* What happens to streams besides launches and copies: the numbers of streams.c. */
enum { CV_STREAM_NEW, CV_STREAM_WAITS, CV_HOST_WAITS, CV_HOST_WAITS_ALL, CV_ALL_WAIT, CV_EVENT_NEW, CV_EVENT_RECORD, CV_EVENT_HOST_WAITS };

#define CV_API template <class = void> inline cudaError_t
#define CV_NOTHING { return cudaSuccess; }
template <class T> inline cudaError_t cudaMalloc(T **p, size_t n) { cv_stream(CV_ALL_WAIT, 0, 0); return (cudaError_t)cv_cuda_malloc((void **)p, n, 0); }
template <class T> inline cudaError_t cudaMallocAsync(T **p, size_t n, cudaStream_t) { return (cudaError_t)cv_cuda_malloc((void **)p, n, 0); }
template <class T> inline cudaError_t cudaMallocManaged(T **p, size_t n, unsigned = 1) { cv_stream(CV_ALL_WAIT, 0, 0); return (cudaError_t)cv_cuda_malloc((void **)p, n, 1); }
template <class T> CV_UNSEEN inline cudaError_t cudaMallocHost(T **p, size_t n, unsigned = 0) { cv_stream(CV_ALL_WAIT, 0, 0); return (cudaError_t)cv_cuda_malloc((void **)p, n, 2); }
template <class T> CV_UNSEEN inline cudaError_t cudaHostAlloc(T **p, size_t n, unsigned = 0) { return cudaMallocHost(p, n); }
template <class T> CV_UNSEEN inline cudaError_t cudaMallocPitch(T **p, size_t *pitch, size_t width, size_t height) {
    *pitch = (width + 511) / 512 * 512;
    return cudaMalloc((char **)p, *pitch * height);
}
CV_API cudaFree(void *p) { cv_stream(CV_HOST_WAITS_ALL, 0, 0); return (cudaError_t)cv_cuda_free(p); }
CV_API cudaFreeAsync(void *p, cudaStream_t) { return (cudaError_t)cv_cuda_free(p); }
CV_API cudaFreeHost(void *p) { cv_stream(CV_HOST_WAITS_ALL, 0, 0); return (cudaError_t)cv_pinned_free(p); }
CV_API cudaMemcpy(void *to, const void *from, size_t n, int kind) { return (cudaError_t)cv_cuda_memcpy(to, from, n, kind, 0, 0); }
CV_API cudaMemcpyAsync(void *to, const void *from, size_t n, int kind, cudaStream_t s = 0) { return (cudaError_t)cv_cuda_memcpy(to, from, n, kind, (unsigned long)s, 1); }
CV_API cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height, int kind) {
    int error = 0;
    for (size_t i = 0; i < height && !error; i++) error = cv_cuda_memcpy((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width, kind, 0, 0);
    return (cudaError_t)error;
}
CV_API cudaMemset(void *p, int v, size_t n) { return (cudaError_t)cv_cuda_memset(p, v, n, 0, 0); }
CV_API cudaMemsetAsync(void *p, int v, size_t n, cudaStream_t s = 0) { return (cudaError_t)cv_cuda_memset(p, v, n, (unsigned long)s, 1); }
/* What does not fit a variable is not copied at all. */
template <class T> inline bool cv_too_long(const T &symbol, size_t n, size_t offset) {
    bool longer = offset > sizeof symbol || n > sizeof symbol - offset;
    if (longer) cv_cuda_set_error(cudaErrorInvalidValue);
    return longer;
}
template <class T> inline cudaError_t cudaMemcpyToSymbol(const T &symbol, const void *from, size_t n, size_t offset = 0, int kind = 1) {
    if (cv_too_long(symbol, n, offset)) return cudaErrorInvalidValue;
    return (cudaError_t)cv_cuda_memcpy((char *)&symbol + offset, from, n, kind, 0, 0);
}
template <class T> inline cudaError_t cudaMemcpyFromSymbol(void *to, const T &symbol, size_t n, size_t offset = 0, int kind = 2) {
    if (cv_too_long(symbol, n, offset)) return cudaErrorInvalidValue;
    return (cudaError_t)cv_cuda_memcpy(to, (const char *)&symbol + offset, n, kind, 0, 0);
}
template <class P, class T> CV_UNSEEN inline cudaError_t cudaGetSymbolAddress(P **p, const T &symbol) { *p = (P *)(void *)&symbol; return cudaSuccess; }
CV_API cudaGetLastError() { return (cudaError_t)cv_cuda_error(1); }
CV_API cudaPeekAtLastError() { return (cudaError_t)cv_cuda_error(0); }
inline const char *cudaGetErrorString(cudaError_t e) { return e ? "error" : "no error"; }
inline const char *cudaGetErrorName(cudaError_t e) { return e ? "cudaError" : "cudaSuccess"; }
CV_API cudaDeviceSynchronize() { cv_stream(CV_HOST_WAITS_ALL, 0, 0); return cudaSuccess; }
CV_API cudaThreadSynchronize() { cv_stream(CV_HOST_WAITS_ALL, 0, 0); return cudaSuccess; }
CV_API cudaDeviceReset() { cv_stream(CV_HOST_WAITS_ALL, 0, 0); return cudaSuccess; }
CV_API cudaSetDevice(int) CV_NOTHING
template <class = void> CV_UNSEEN inline cudaError_t cudaGetDevice(int *d) { *d = 0; return cudaSuccess; }
template <class = void> CV_UNSEEN inline cudaError_t cudaGetDeviceCount(int *n) { *n = 1; return cudaSuccess; }
template <class = void> CV_UNSEEN inline cudaError_t cudaMemGetInfo(size_t *free, size_t *total) { *free = *total = (size_t)1 << 30; return cudaSuccess; }
extern "C" int cv_is_elsewhere(void) __attribute__((weak));
CV_UNSEEN static inline int cv_multiprocessors() { return cv_is_elsewhere && cv_is_elsewhere() ? 132 : 16; }
template <class = void> CV_UNSEEN inline cudaError_t cudaDeviceGetAttribute(int *v, cudaDeviceAttr a, int) {
    *v = a == cudaDevAttrMaxThreadsPerBlock ? 1024 : a == cudaDevAttrMaxSharedMemoryPerBlock ? 49152 : a == cudaDevAttrWarpSize ? 32 : a == cudaDevAttrCooperativeLaunch ? 1 : cv_multiprocessors();
    return cudaSuccess;
}
template <class = void> CV_UNSEEN inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int) {
    *p = cudaDeviceProp{"emulated", (size_t)1 << 30, 49152, 65536, 32, 1024, {1024, 1024, 64}, {2147483647, 65535, 65535}, 1000000, 8, 0, cv_multiprocessors(), 2048, 1, 1, 1, 1, 65536};
    return cudaSuccess;
}
template <class F> CV_UNSEEN inline cudaError_t cudaOccupancyMaxPotentialBlockSize(int *grid, int *block, F, size_t = 0, int = 0) { *grid = 32; *block = 256; return cudaSuccess; }
template <class F> CV_UNSEEN inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *n, F, int block, size_t) { *n = block > 512 ? 1 : 512 / (block > 0 ? block : 1); return cudaSuccess; }
template <class F> inline cudaError_t cudaFuncSetCacheConfig(F, cudaFuncCache) CV_NOTHING
/* The rewriting gives the kernel's name: cudaFuncSetAttribute(k, ...) arrives as cv_set_attribute("k", k, ...). */
template <class F> inline cudaError_t cv_set_attribute(const char *kernel, F, cudaFuncAttribute what, int value) {
    int e = what == cudaFuncAttributeMaxDynamicSharedMemorySize ? cv_allow_shared(kernel, value < 0 ? ~0ul : (unsigned long)value) : 0;
    cv_cuda_set_error(e);
    return (cudaError_t)e;
}
template <class F> inline cudaError_t cudaFuncSetAttribute(F f, cudaFuncAttribute what, int value) { return cv_set_attribute(nullptr, f, what, value); }
CV_API cudaHostRegister(void *, size_t, unsigned) CV_NOTHING
CV_API cudaHostUnregister(void *) CV_NOTHING
CV_API cudaMemPrefetchAsync(const void *, size_t, int, cudaStream_t = 0) CV_NOTHING
template <class = void> CV_UNSEEN inline cudaError_t cudaStreamCreate(cudaStream_t *s) { *s = (cudaStream_t)cv_stream(CV_STREAM_NEW, 0, 0); return cudaSuccess; }
template <class = void> CV_UNSEEN inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags) { *s = (cudaStream_t)cv_stream(CV_STREAM_NEW, flags & cudaStreamNonBlocking, 0); return cudaSuccess; }
CV_API cudaStreamDestroy(cudaStream_t) CV_NOTHING
CV_API cudaStreamSynchronize(cudaStream_t s) { cv_stream(CV_HOST_WAITS, (unsigned long)s, 0); return cudaSuccess; }
CV_API cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned = 0) { cv_stream(CV_STREAM_WAITS, (unsigned long)s, (unsigned long)e); return cudaSuccess; }
CV_API cudaStreamQuery(cudaStream_t s) { return cudaStreamSynchronize(s); }
template <class = void> CV_UNSEEN inline cudaError_t cudaEventCreate(cudaEvent_t *e) { *e = (cudaEvent_t)cv_stream(CV_EVENT_NEW, 0, 0); return cudaSuccess; }
template <class = void> CV_UNSEEN inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned) { return cudaEventCreate(e); }
CV_API cudaEventRecord(cudaEvent_t e, cudaStream_t s = 0) { cv_stream(CV_EVENT_RECORD, (unsigned long)e, (unsigned long)s); return cudaSuccess; }
CV_API cudaEventSynchronize(cudaEvent_t e) { cv_stream(CV_EVENT_HOST_WAITS, (unsigned long)e, 0); return cudaSuccess; }
CV_API cudaEventQuery(cudaEvent_t e) { return cudaEventSynchronize(e); }
CV_API cudaEventDestroy(cudaEvent_t) CV_NOTHING
template <class = void> CV_UNSEEN inline cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t, cudaEvent_t) { *ms = 0.001f + (float)cv_still(); return cudaSuccess; }

/* ---- cooperative groups: the block and tiles of a warp ---- */
namespace cooperative_groups {
CV_INLINE unsigned cv_rank() { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
struct thread_block {
    void sync() const { cv_barrier(-1, 0, 0); }
    unsigned thread_rank() const { return cv_rank(); }
    unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
    unsigned num_threads() const { return size(); }
    dim3 group_index() const { return dim3(blockIdx); }
    dim3 thread_index() const { return dim3(threadIdx); }
    dim3 group_dim() const { return dim3(blockDim); }
};
inline thread_block this_thread_block() { return {}; }
struct grid_group {
    void sync() const { cv_grid_barrier(); }
    bool is_valid() const { return true; }
    unsigned long long thread_rank() const { return block_rank() * (unsigned long long)(blockDim.x * blockDim.y * blockDim.z) + cv_rank(); }
    unsigned long long block_rank() const { return blockIdx.x + gridDim.x * (blockIdx.y + (unsigned long long)gridDim.y * blockIdx.z); }
    unsigned long long num_blocks() const { return (unsigned long long)gridDim.x * gridDim.y * gridDim.z; }
    unsigned long long size() const { return num_blocks() * (blockDim.x * blockDim.y * blockDim.z); }
    unsigned long long num_threads() const { return size(); }
    dim3 group_dim() const { return dim3(gridDim); }
    dim3 dim_blocks() const { return dim3(gridDim); }
    dim3 block_index() const { return dim3(blockIdx); }
};
inline grid_group this_grid() { return {}; }
template <unsigned N> struct thread_block_tile {
    unsigned mask() const { return N == 32 ? 0xffffffffu : ((1u << N % 32) - 1) << (cv_rank() % 32 / N * N); }
    void sync() const { __syncwarp(mask()); }
    unsigned thread_rank() const { return cv_rank() % N; }
    static constexpr unsigned size() { return N; }
    static constexpr unsigned num_threads() { return N; }
    unsigned meta_group_rank() const { return cv_rank() / N; }
    unsigned meta_group_size() const { return (blockDim.x * blockDim.y * blockDim.z + N - 1) / N; }
    template <class T> T shfl(T v, int lane) const { return __shfl_sync(mask(), v, lane, N); }
    template <class T> T shfl_up(T v, unsigned d) const { return __shfl_up_sync(mask(), v, d, N); }
    template <class T> T shfl_down(T v, unsigned d) const { return __shfl_down_sync(mask(), v, d, N); }
    template <class T> T shfl_xor(T v, int m) const { return __shfl_xor_sync(mask(), v, m, N); }
    int any(int p) const { return __any_sync(mask(), p); }
    int all(int p) const { return __all_sync(mask(), p); }
    unsigned ballot(int p) const { return (__ballot_sync(mask(), p) & mask()) >> (cv_rank() % 32 / N * N); }
};
template <unsigned N> inline thread_block_tile<N> tiled_partition(const thread_block &) { return {}; }
template <class G> inline void sync(const G &g) { g.sync(); }
}
