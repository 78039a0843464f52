/* CUB: collectives of a block and of a warp, and algorithms of the device; comes after prelude_cuda_host.h, where a program asks for it.
 *
 * Threads of a collective meet in its temporary storage, so that a missing barrier between two uses of it is a race, as CUB's
 * manual says. What a collective leaves undefined is a pattern. An algorithm of the device asks for a little storage when it is
 * called without, and writes to it when it is called with it.
 */
#ifndef CV_CUB_H
#define CV_CUB_H
#pragma GCC system_header

namespace cub {
#define CV_CUB_FUNCTION(NAME, EXPR) struct NAME { template <class A, class B> constexpr auto operator()(const A &a, const B &b) const { return EXPR; } };
CV_CUB_FUNCTION(Sum, a + b) CV_CUB_FUNCTION(Max, a < b ? b : a) CV_CUB_FUNCTION(Min, b < a ? b : a) CV_CUB_FUNCTION(Equality, a == b)
CV_CUB_FUNCTION(Difference, a - b)
template <class K, class V> struct KeyValuePair { typedef K Key; typedef V Value; K key; V value; };
struct NullType {};
template <class T> T cv_undefined() { T t; __builtin_memset((void *)&t, 0xFE, sizeof t); return t; }
template <class T> T cv_make();
template <class T> struct cv_bare { typedef T type; };
template <class T> struct cv_bare<T &> : cv_bare<T> {};
template <class T> struct cv_bare<const T> { typedef T type; };
template <class I> using cv_value_t = typename cv_bare<decltype(cv_make<I &>()[0])>::type;

/* ---- a block ---- */
enum BlockReduceAlgorithm { BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY, BLOCK_REDUCE_RAKING, BLOCK_REDUCE_WARP_REDUCTIONS };
enum BlockScanAlgorithm { BLOCK_SCAN_RAKING, BLOCK_SCAN_RAKING_MEMOIZE, BLOCK_SCAN_WARP_SCANS };
inline int cv_rank() { return (int)(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)); }

template <class T, int N> struct cv_group_storage { T values[N + 1]; };
/* Combines what is in `low` to `high` pair by pair, in the order of the threads. */
template <class T, class O> T cv_combine(const T *v, int low, int high, O &op) {
    if (high - low == 1) return v[low];
    int middle = low + (high - low) / 2;
    return op(cv_combine(v, low, middle, op), cv_combine(v, middle, high, op));
}
/* The barrier of a group: all threads of a block, or the lanes that share a logical warp. */
struct cv_block_group { static int rank() { return cv_rank(); } static void sync() { cv_barrier(-1, 0, 0); } };
template <int N> struct cv_warp_group {
    static int rank() { return cv_rank() % 32 % N; }
    static void sync() { __syncwarp(N == 32 ? 0xffffffffu : ((1u << N % 32) - 1) << (cv_rank() % 32 / N * N)); }
};

template <class T, int N, class G> struct cv_reduction {
    typedef cv_group_storage<T, N> TempStorage;
    TempStorage &s;
    cv_reduction(TempStorage &storage) : s(storage) {}
    template <class O> T Reduce(T v, O op, int valid) {
        int me = G::rank();
        s.values[me] = v;
        G::sync();
        T r = cv_undefined<T>();
        if (me == 0 && valid > 0) r = cv_combine(s.values, 0, valid < N ? valid : N, op);
        return r;
    }
    template <class O> T Reduce(T v, O op) { return Reduce(v, op, N); }
    template <int M, class O> T Reduce(T (&v)[M], O op) { T r = v[0]; for (int i = 1; i < M; i++) r = op(r, v[i]); return Reduce(r, op); }
    T Sum(T v) { return Reduce(v, cub::Sum()); }
    T Sum(T v, int valid) { return Reduce(v, cub::Sum(), valid); }
    template <int M> T Sum(T (&v)[M]) { return Reduce(v, cub::Sum()); }
    T Max(T v) { return Reduce(v, cub::Max()); }
    T Min(T v) { return Reduce(v, cub::Min()); }
};
template <class T, int X, BlockReduceAlgorithm A = BLOCK_REDUCE_WARP_REDUCTIONS, int Y = 1, int Z = 1, int = 0>
struct BlockReduce : cv_reduction<T, X * Y * Z, cv_block_group> { using cv_reduction<T, X * Y * Z, cv_block_group>::cv_reduction; };
template <class T, int N = 32, int = 0> struct WarpReduce : cv_reduction<T, N, cv_warp_group<N>> { using cv_reduction<T, N, cv_warp_group<N>>::cv_reduction; };

template <class T, int N, class G> struct cv_scan {
    typedef cv_group_storage<T, N> TempStorage;
    TempStorage &s;
    cv_scan(TempStorage &storage) : s(storage) {}
    /* The combination of what threads before this one gave (none: undefined), and of all. */
    template <class O> T cv_before(T v, O op, T &all) {
        int me = G::rank();
        s.values[me + 1] = v;
        G::sync();
        if (me == 0) for (int i = 2; i <= N; i++) s.values[i] = op(s.values[i - 1], s.values[i]);
        G::sync();
        all = s.values[N];
        if (me) return s.values[me];
        return cv_undefined<T>();
    }
    template <class O> void InclusiveScan(T v, T &out, O op, T &all) { T b = cv_before(v, op, all); out = G::rank() ? op(b, v) : v; }
    template <class O> void InclusiveScan(T v, T &out, O op) { T all; InclusiveScan(v, out, op, all); }
    template <class O> void ExclusiveScan(T v, T &out, T init, O op, T &all) { T b = cv_before(v, op, all); out = G::rank() ? op(init, b) : init; }
    template <class O> void ExclusiveScan(T v, T &out, T init, O op) { T all; ExclusiveScan(v, out, init, op, all); }
    template <class O> void ExclusiveScan(T v, T &out, O op) { T all; out = cv_before(v, op, all); }
    void InclusiveSum(T v, T &out) { InclusiveScan(v, out, cub::Sum()); }
    void InclusiveSum(T v, T &out, T &all) { InclusiveScan(v, out, cub::Sum(), all); }
    void ExclusiveSum(T v, T &out) { ExclusiveScan(v, out, T(), cub::Sum()); }
    void ExclusiveSum(T v, T &out, T &all) { ExclusiveScan(v, out, T(), cub::Sum(), all); }
    template <int M, class O> void InclusiveScan(T (&v)[M], T (&out)[M], O op, T &all) {
        T r = v[0];
        for (int i = 1; i < M; i++) r = op(r, v[i]);
        T b = cv_before(r, op, all), now = v[0];
        if (G::rank()) now = op(b, v[0]);
        for (int i = 0; i < M; i++) { if (i) now = op(now, v[i]); T keep = now; out[i] = keep; }
    }
    template <int M, class O> void InclusiveScan(T (&v)[M], T (&out)[M], O op) { T all; InclusiveScan(v, out, op, all); }
    template <int M> void InclusiveSum(T (&v)[M], T (&out)[M]) { T all; InclusiveScan(v, out, cub::Sum(), all); }
    template <int M> void InclusiveSum(T (&v)[M], T (&out)[M], T &all) { InclusiveScan(v, out, cub::Sum(), all); }
    template <int M, class O> void ExclusiveScan(T (&v)[M], T (&out)[M], T init, O op, T &all) {
        T r = v[0];
        for (int i = 1; i < M; i++) r = op(r, v[i]);
        T b = cv_before(r, op, all), now = init;
        if (G::rank()) now = op(init, b);
        for (int i = 0; i < M; i++) { T old = v[i]; out[i] = now; now = op(now, old); }
    }
    template <int M, class O> void ExclusiveScan(T (&v)[M], T (&out)[M], T init, O op) { T all; ExclusiveScan(v, out, init, op, all); }
    template <int M> void ExclusiveSum(T (&v)[M], T (&out)[M]) { T all; ExclusiveScan(v, out, T(), cub::Sum(), all); }
    template <int M> void ExclusiveSum(T (&v)[M], T (&out)[M], T &all) { ExclusiveScan(v, out, T(), cub::Sum(), all); }
};
template <class T, int X, BlockScanAlgorithm A = BLOCK_SCAN_RAKING, int Y = 1, int Z = 1, int = 0>
struct BlockScan : cv_scan<T, X * Y * Z, cv_block_group> { using cv_scan<T, X * Y * Z, cv_block_group>::cv_scan; };
template <class T, int N = 32, int = 0> struct WarpScan : cv_scan<T, N, cv_warp_group<N>> { using cv_scan<T, N, cv_warp_group<N>>::cv_scan; };

/* ---- the device ---- */
enum { CV_CUB_BYTES = 256 };
/* Runs f as a kernel of one thread, with what it needs of storage; or says how much that is. */
template <class F> cudaError_t cv_device(void *storage, size_t &bytes, cudaStream_t stream, F f) {
    if (!storage) { bytes = CV_CUB_BYTES; return cudaSuccess; }
    if (bytes < CV_CUB_BYTES) return cudaErrorInvalidValue;
    cv_stream_begin((unsigned long)stream);
    int error = cv_run(cv_config(dim3(1), dim3(1)), 1, [&]() {
        for (int i = 0; i < CV_CUB_BYTES; i += 8) ((volatile unsigned long *)storage)[i / 8] = 0;
        f();
    });
    cv_stream_end(0);
    return (cudaError_t)error;
}
template <class A, class T, class I, class O> T cv_pairs(I &in, long low, long high, O &op) {
    if (high - low == 1) return (T)in[low];
    long middle = low + (high - low) / 2;
    return op(cv_pairs<A, T>(in, low, middle, op), cv_pairs<A, T>(in, middle, high, op));
}
struct DeviceReduce {
    template <class I, class D, class N, class O, class T> static cudaError_t Reduce(void *s, size_t &b, I in, D out, N n, O op, T init, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { T r = init; if (n > 0) r = op(init, cv_pairs<int, T>(in, 0, (long)n, op)); *out = r; });
    }
    template <class I, class D, class N> static cudaError_t Sum(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) {
        return Reduce(s, b, in, out, n, cub::Sum(), cv_value_t<I>(), on);
    }
    template <class I, class D, class N, class O> static cudaError_t cv_extreme(void *s, size_t &b, I in, D out, N n, O op, cudaStream_t on) {
        return cv_device(s, b, on, [=]() mutable { if (n > 0) *out = cv_pairs<int, cv_value_t<I>>(in, 0, (long)n, op); });
    }
    template <class I, class D, class N> static cudaError_t Max(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) { return cv_extreme(s, b, in, out, n, cub::Max(), on); }
    template <class I, class D, class N> static cudaError_t Min(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) { return cv_extreme(s, b, in, out, n, cub::Min(), on); }
    template <class I, class D, class N> static cudaError_t ArgMax(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { long at = 0; for (long i = 1; i < (long)n; i++) if (in[at] < in[i]) at = i; out->key = (int)at; out->value = in[at]; });
    }
    template <class I, class D, class N> static cudaError_t ArgMin(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { long at = 0; for (long i = 1; i < (long)n; i++) if (in[i] < in[at]) at = i; out->key = (int)at; out->value = in[at]; });
    }
};
struct DeviceScan {
    template <class I, class D, class O, class T, class N> static cudaError_t cv_scan(void *s, size_t &b, I in, D out, O op, T before, bool exclusive, bool begun, N n, cudaStream_t on) {
        return cv_device(s, b, on, [=]() mutable {
            for (long low = 0; low < (long)n; low += 4) {
                T mine = before, start = before; bool any = false;
                for (long i = low; i < (long)n && i < low + 4; i++) {
                    T v = (T)in[i];
                    if (exclusive) out[i] = any ? op(start, mine) : start;
                    mine = any ? op(mine, v) : v;
                    any = true;
                    if (!exclusive) out[i] = begun ? op(start, mine) : mine;
                }
                before = begun ? op(start, mine) : mine;
                begun = true;
            }
        });
    }
    template <class I, class D, class N> static cudaError_t ExclusiveSum(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) { return cv_scan(s, b, in, out, cub::Sum(), cv_value_t<I>(), true, true, n, on); }
    template <class I, class D, class N> static cudaError_t InclusiveSum(void *s, size_t &b, I in, D out, N n, cudaStream_t on = 0) { return cv_scan(s, b, in, out, cub::Sum(), cv_value_t<I>(), false, false, n, on); }
    template <class I, class D, class O, class T, class N> static cudaError_t ExclusiveScan(void *s, size_t &b, I in, D out, O op, T init, N n, cudaStream_t on = 0) { return cv_scan(s, b, in, out, op, init, true, true, n, on); }
    template <class I, class D, class O, class N> static cudaError_t InclusiveScan(void *s, size_t &b, I in, D out, O op, N n, cudaStream_t on = 0) { return cv_scan(s, b, in, out, op, cv_value_t<I>(), false, false, n, on); }
};
struct DeviceRadixSort {
    template <class K, class V, class N> static cudaError_t cv_sort(void *s, size_t &b, const K *in, K *out, const V *values, V *values_out, N n, bool down, cudaStream_t on) {
        return cv_device(s, b, on, [=]() {
            long *at = new long[(long)n + 1];
            for (long i = 0; i < (long)n; i++) at[i] = i;
            long *other = new long[(long)n + 1];
            cv_merge(in, at, other, 0, (long)n, down);
            delete[] other;
            for (long i = 0; i < (long)n; i++) { out[i] = in[at[i]]; if (values) values_out[i] = values[at[i]]; }
            delete[] at;
        });
    }
    template <class K> static void cv_merge(const K *in, long *at, long *other, long low, long high, bool down) {
        if (high - low < 2) return;
        long middle = low + (high - low) / 2, i = low, j = middle;
        cv_merge(in, at, other, low, middle, down);
        cv_merge(in, at, other, middle, high, down);
        for (long k = low; k < high; k++) other[k] = j >= high || (i < middle && !(down ? in[at[i]] < in[at[j]] : in[at[j]] < in[at[i]])) ? at[i++] : at[j++];
        for (long k = low; k < high; k++) at[k] = other[k];
    }
    template <class K, class N> static cudaError_t SortKeys(void *s, size_t &b, const K *in, K *out, N n, int = 0, int = 0, cudaStream_t on = 0) { return cv_sort(s, b, in, out, (const int *)0, (int *)0, n, false, on); }
    template <class K, class N> static cudaError_t SortKeysDescending(void *s, size_t &b, const K *in, K *out, N n, int = 0, int = 0, cudaStream_t on = 0) { return cv_sort(s, b, in, out, (const int *)0, (int *)0, n, true, on); }
    template <class K, class V, class N> static cudaError_t SortPairs(void *s, size_t &b, const K *in, K *out, const V *v, V *w, N n, int = 0, int = 0, cudaStream_t on = 0) { return cv_sort(s, b, in, out, v, w, n, false, on); }
    template <class K, class V, class N> static cudaError_t SortPairsDescending(void *s, size_t &b, const K *in, K *out, const V *v, V *w, N n, int = 0, int = 0, cudaStream_t on = 0) { return cv_sort(s, b, in, out, v, w, n, true, on); }
};
struct DeviceSelect {
    template <class I, class D, class M, class N, class F> static cudaError_t If(void *s, size_t &b, I in, D out, M count, N n, F f, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { long k = 0; for (long i = 0; i < (long)n; i++) if (f(in[i])) out[k++] = in[i]; *count = k; });
    }
    template <class I, class S, class D, class M, class N> static cudaError_t Flagged(void *s, size_t &b, I in, S flags, D out, M count, N n, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { long k = 0; for (long i = 0; i < (long)n; i++) if (flags[i]) out[k++] = in[i]; *count = k; });
    }
    template <class I, class D, class M, class N> static cudaError_t Unique(void *s, size_t &b, I in, D out, M count, N n, cudaStream_t on = 0) {
        return cv_device(s, b, on, [=]() mutable { long k = 0; for (long i = 0; i < (long)n; i++) if (!i || !(in[i] == in[i - 1])) out[k++] = in[i]; *count = k; });
    }
};
}
#endif
