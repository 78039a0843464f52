/* Shims: those of host and device functions read the parameter types off the function. See abi.h for args. */
extern "C" {
extern char cv_shared_begin[] __asm__("__start_cv_shared") __attribute__((weak, visibility("hidden")));
extern char cv_shared_end[] __asm__("__stop_cv_shared") __attribute__((weak, visibility("hidden")));
extern char cv_device_begin[] __asm__("__start_cv_device") __attribute__((weak, visibility("hidden")));
extern char cv_device_end[] __asm__("__stop_cv_device") __attribute__((weak, visibility("hidden")));
extern char cv_managed_begin[] __asm__("__start_cv_managed") __attribute__((weak, visibility("hidden")));
extern char cv_managed_end[] __asm__("__stop_cv_managed") __attribute__((weak, visibility("hidden")));
}
/* Before each call of a function with n parameters. Whether it is one of the copy of the program whose unset variables hold what lies
 * on the stack. */
CV_UNSEEN static inline bool cv_begin(void **args, unsigned long n, bool copied) {
    const int order = ((const int *)args[n + 1])[7];
    const bool other = copied && order > 0;
    cv_shared_section(cv_shared_begin, (unsigned long)(cv_shared_end - cv_shared_begin));
    cv_device_section(cv_device_begin, (unsigned long)(cv_device_end - cv_device_begin), order >= 0, 0);
    cv_device_section(cv_managed_begin, (unsigned long)(cv_managed_end - cv_managed_begin), order >= 0, 1);
    cv_set_order(order);
    cv_stale_stacks(other);
    return other;
}
template <class P> struct cv_argument { CV_UNSEEN static P get(void *p) { return *(P *)p; } };
template <class P> struct cv_argument<P *> { CV_UNSEEN static P *get(void *p) { return (P *)p; } };
template <class P> struct cv_argument<P &> { CV_UNSEEN static P &get(void *p) { return *(P *)p; } };
template <unsigned long... I> struct cv_indices {};
/* Kernels have a shim in plain text, without templates: those cost more to compile than the kernel itself. */
struct cv_kernel_pointer { void *p; template <class T> CV_UNSEEN __attribute__((always_inline)) operator T *() const { return (T *)p; } };
struct cv_kernel_value { void *p; template <class T> CV_UNSEEN __attribute__((always_inline)) operator T() const { return *(T *)p; } };
CV_UNSEEN static inline void cv_launch_kernel(void **args, int n, void (*one_thread)(void *), void (*copy)(void *) = nullptr) {
    const int *g = (const int *)args[n + 1];
    const unsigned grid[3] = {(unsigned)g[0], (unsigned)g[1], (unsigned)g[2]}, block[3] = {(unsigned)g[3], (unsigned)g[4], (unsigned)g[5]};
    const bool other = cv_begin(args, (unsigned long)n, copy);
    cv_launch(grid, block, (unsigned long)g[6], other ? copy : one_thread, args, 0);
}

template <class R, class... P, unsigned long... I> CV_UNSEEN void cv_host_with(R (*f)(P...), void **args, cv_indices<I...>) {
    if constexpr (__is_same(R, void)) f(cv_argument<P>::get(args[I])...);
    else *(R *)args[sizeof...(P)] = f(cv_argument<P>::get(args[I])...);
}
template <class R, class... P> CV_UNSEEN void cv_shim_host(R (*f)(P...), void **args, R (*copy)(P...) = nullptr) {
    cv_host_with(cv_begin(args, sizeof...(P), copy) ? copy : f, args, cv_indices<__integer_pack(sizeof...(P))...>());
}
template <class R, class... P> CV_UNSEEN void cv_shim_device(R (*f)(P...), void **args, R (*copy)(P...) = nullptr) {
    int geometry[8], *g = (int *)args[sizeof...(P) + 1];
    for (int i = 0; i < 8; i++) geometry[i] = i < 6 && !g[i] ? 1 : g[i];
    struct call { R (*f)(P...); void **args; } c = {cv_begin(args, sizeof...(P), copy) ? copy : f, args};
    cv_run(cv_config(dim3(geometry[0], geometry[1], geometry[2]), dim3(geometry[3], geometry[4], geometry[5]), geometry[6]), 0, [](call *c) CV_UNSEEN {
        alignas(16) char out[32]; /* where the results of the other threads go */
        void *mine[sizeof...(P) + 1];
        for (unsigned long i = 0; i < sizeof...(P); i++) mine[i] = c->args[i];
        bool first = !(threadIdx.x | threadIdx.y | threadIdx.z | blockIdx.x | blockIdx.y | blockIdx.z);
        mine[sizeof...(P)] = first ? c->args[sizeof...(P)] : (void *)out;
        cv_host_with(c->f, mine, cv_indices<__integer_pack(sizeof...(P))...>());
    }, &c);
}
