/* Thrust: vectors, iterators and the algorithms that translations use; comes after prelude_cuda_host.h, where a program asks for it.
 *
 * What works on each element by itself is a kernel of one thread each, so that races are seen; what needs an order is a kernel
 * of one thread. Reductions and scans combine in another order than a loop would, as Thrust's do: an operation for which that
 * matters gives another value. Raw pointers are host memory unless a policy says otherwise, as in Thrust.
 */
#ifndef CV_THRUST_H
#define CV_THRUST_H
#pragma GCC system_header
#include <initializer_list>

namespace thrust {
enum { cv_any = 0, cv_on_host = 1, cv_on_device = 2, cv_here = 3 };
template <class T> T cv_make();
template <class T> struct cv_bare { typedef T type; };
template <class T> struct cv_bare<T &> : cv_bare<T> {};
template <class T> struct cv_bare<T &&> : cv_bare<T> {};
template <class T> struct cv_bare<const T> { typedef T type; };
template <int> using cv_void = void;
template <class T> using cv_bare_t = typename cv_bare<T>::type;

/* ---- where a call runs ---- */
template <int Side> struct cv_space { enum { cv_policy = 1, side = Side }; cudaStream_t stream = 0; };
struct cv_par : cv_space<cv_on_device> { cv_space<cv_on_device> on(cudaStream_t s) const { cv_space<cv_on_device> p; p.stream = s; return p; } };
static const cv_space<cv_on_host> host; static const cv_par device; static const cv_space<cv_here> seq;
namespace cuda { static const cv_par par, par_nosync; }
template <class T> constexpr auto cv_is_policy(int) -> decltype((int)T::cv_policy) { return 1; }
template <class T> constexpr int cv_is_policy(...) { return 0; }
template <class T> constexpr auto cv_side(int) -> decltype((int)T::cv_side) { return T::cv_side; }
template <class T> constexpr auto cv_side(long) -> decltype((void)*cv_make<T &>(), (void)++cv_make<T &>(), 1) { return cv_on_host; }
template <class T> constexpr int cv_side(...) { return cv_any; }
template <class... T> constexpr int cv_side_of() {
    int host = 0, device = 0;
    ((cv_side<T>(0) == cv_on_host ? host = 1 : 0, cv_side<T>(0) == cv_on_device ? device = 1 : 0), ...);
    return device ? (host ? -1 : (int)cv_on_device) : host ? (int)cv_on_host : (int)cv_on_device;
}
template <class F> CV_UNSEEN inline void cv_launch_each(cudaStream_t stream, unsigned long n, F f) {
    if (!n) return;
    const unsigned block = n < 256 ? (unsigned)n : 256;
    cv_stream_begin((unsigned long)stream);
    cv_cuda_set_error(cv_run(cv_config(dim3((unsigned)((n + block - 1) / block)), dim3(block)), 1, [n, f]() {
        unsigned long i = (unsigned long)blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) f(i);
    }));
    cv_stream_end(1);
}
template <class P, class F> inline void cv_each(P p, unsigned long n, F f) {
    static_assert(P::side >= 0, "one algorithm takes iterators of the host's and of the device's memory");
    if constexpr (P::side == cv_on_device) cv_launch_each(p.stream, n, f);
    else for (unsigned long i = 0; i < n; i++) f(i);
}
template <class P, class F> inline void cv_once(P p, F f) { cv_each(p, 1, [&f](unsigned long) { f(); }); }
template <class I> auto cv_raw(const I &i, int) -> decltype(i.cv_raw()) { return i.cv_raw(); }
template <class I> I cv_raw(const I &i, long) { return i; }
#define CV_RAW(i) thrust::cv_raw(i, 0)

/* ---- pointers and references to device memory ---- */
template <class T> struct device_ptr;
template <class T> struct device_reference {
    T *p;
    typedef cv_bare_t<T> value_type;
    operator value_type() const {
        if (cv_inside_kernel()) return *p;
        value_type v;
        cv_cuda_memcpy(&v, p, sizeof v, 2, 0, 0);
        return v;
    }
    const device_reference &set(const value_type &v) const {
        if (cv_inside_kernel()) *const_cast<value_type *>(p) = v;
        else cv_cuda_memcpy(const_cast<value_type *>(p), &v, sizeof v, 1, 0, 0);
        return *this;
    }
    const device_reference &operator=(const value_type &v) const { return set(v); }
    const device_reference &operator=(const device_reference &o) const { return set((value_type)o); }
    template <class U> const device_reference &operator=(const device_reference<U> &o) const { return set((value_type)(typename device_reference<U>::value_type)o); }
    device_reference(T *q) : p(q) {}
    device_reference(const device_reference &) = default;
    const device_reference &operator+=(const value_type &v) const { return set((value_type)*this + v); }
    const device_reference &operator-=(const value_type &v) const { return set((value_type)*this - v); }
    const device_reference &operator*=(const value_type &v) const { return set((value_type)*this * v); }
    const device_reference &operator++() const { return set((value_type)*this + 1); }
    device_ptr<T> operator&() const;
};
#define CV_RANDOM_ACCESS(I) \
    I &operator++() { cv_move(1); return *this; } I operator++(int) { I old = *this; cv_move(1); return old; } \
    I &operator--() { cv_move(-1); return *this; } I operator--(int) { I old = *this; cv_move(-1); return old; } \
    I &operator+=(long n) { cv_move(n); return *this; } I &operator-=(long n) { cv_move(-n); return *this; } \
    I operator+(long n) const { I r = *this; r.cv_move(n); return r; } I operator-(long n) const { I r = *this; r.cv_move(-n); return r; } \
    bool operator==(const I &o) const { return *this - o == 0; } bool operator!=(const I &o) const { return *this - o != 0; } \
    bool operator<(const I &o) const { return *this - o < 0; }
template <class T> struct device_ptr {
    enum { cv_side = cv_on_device };
    typedef cv_bare_t<T> value_type; typedef long difference_type; typedef device_reference<T> reference; typedef device_ptr pointer;
    T *p;
    device_ptr() : p(nullptr) {}
    explicit device_ptr(T *q) : p(q) {}
    template <class U, class = decltype(static_cast<T *>(cv_make<U *>()))> device_ptr(const device_ptr<U> &o) : p(o.p) {}
    T *get() const { return p; }
    T *cv_raw() const { return p; }
    device_ptr base() const { return *this; }
    device_reference<T> operator*() const { return device_reference<T>(p); }
    device_reference<T> operator[](long i) const { return device_reference<T>(p + i); }
    void cv_move(long n) { p += n; }
    template <class U> long operator-(const device_ptr<U> &o) const { return p - o.p; }
    explicit operator bool() const { return p; }
    CV_RANDOM_ACCESS(device_ptr)
};
template <class T> device_ptr<T> device_reference<T>::operator&() const { return device_ptr<T>(p); }
template <class T> device_ptr<T> device_pointer_cast(T *p) { return device_ptr<T>(p); }
template <class T> device_ptr<T> device_pointer_cast(const device_ptr<T> &p) { return p; }
template <class T> T *raw_pointer_cast(const device_ptr<T> &p) { return p.p; }
template <class T> T *raw_pointer_cast(T *p) { return p; }
template <class T> device_ptr<T> device_malloc(size_t n) { void *p = nullptr; cv_cuda_malloc(&p, n * sizeof(T), 0); return device_ptr<T>((T *)p); }
template <class T> void device_free(device_ptr<T> p) { cv_cuda_free((void *)p.p); }

/* ---- what an iterator gives ---- */
template <class I> auto cv_value(int) -> typename I::value_type;
template <class I> auto cv_value(long) -> cv_bare_t<decltype(*cv_make<I &>())>;
template <class I> using cv_value_t = decltype(cv_value<I>(0));

/* ---- pairs and tuples ---- */
template <class A, class B> struct pair {
    typedef A first_type; typedef B second_type;
    A first; B second;
    pair() : first(), second() {}
    pair(const A &a, const B &b) : first(a), second(b) {}
    template <class C, class D> pair(const pair<C, D> &o) : first(o.first), second(o.second) {}
};
template <class A, class B> pair<cv_bare_t<A>, cv_bare_t<B>> make_pair(A a, B b) { return {a, b}; }
template <class... T> struct tuple;
template <> struct tuple<> { template <class U> void cv_set(const U &) {} };
template <class H, class... R> struct tuple<H, R...> {
    H head; tuple<R...> tail;
    tuple() : head(), tail() {}
    explicit tuple(H h, R... r) : head(h), tail(r...) {}
    tuple(const tuple &) = default;
    template <class G, class... S> tuple(const tuple<G, S...> &o) : head(o.head), tail(o.tail) {}
    template <class U> void cv_set(const U &o) { head = o.head; tail.cv_set(o.tail); }
    tuple &operator=(const tuple &o) { cv_set(o); return *this; }
    template <class G, class... S> tuple &operator=(const tuple<G, S...> &o) { cv_set(o); return *this; }
};
template <int N, class H, class... R> auto &get(tuple<H, R...> &t) { if constexpr (N == 0) return t.head; else return get<N - 1>(t.tail); }
template <int N, class H, class... R> const auto &get(const tuple<H, R...> &t) { if constexpr (N == 0) return t.head; else return get<N - 1>(t.tail); }
template <class... T> tuple<T...> make_tuple(T... t) { return tuple<T...>(t...); }
template <class... T> tuple<T &...> tie(T &...t) { return tuple<T &...>(t...); }

/* ---- iterators ---- */
template <class T> struct counting_iterator {
    enum { cv_side = cv_any };
    typedef T value_type; typedef long difference_type; typedef T reference;
    T at;
    counting_iterator(T v = T()) : at(v) {}
    T operator*() const { return at; }
    T operator[](long i) const { return at + (T)i; }
    void cv_move(long n) { at = at + (T)n; }
    long operator-(const counting_iterator &o) const { return (long)at - (long)o.at; }
    CV_RANDOM_ACCESS(counting_iterator)
};
template <class T> counting_iterator<T> make_counting_iterator(T v) { return counting_iterator<T>(v); }
template <class T> struct constant_iterator {
    enum { cv_side = cv_any };
    typedef T value_type; typedef long difference_type; typedef T reference;
    T v; long at;
    constant_iterator(T value = T(), long n = 0) : v(value), at(n) {}
    T operator*() const { return v; }
    T operator[](long) const { return v; }
    void cv_move(long n) { at += n; }
    long operator-(const constant_iterator &o) const { return at - o.at; }
    CV_RANDOM_ACCESS(constant_iterator)
};
template <class T> constant_iterator<T> make_constant_iterator(T v, long n = 0) { return constant_iterator<T>(v, n); }
template <class F, class I> struct transform_iterator {
    enum { cv_side = thrust::cv_side<I>(0) };
    typedef cv_bare_t<decltype(cv_make<F>()(cv_make<cv_value_t<I>>()))> value_type; typedef long difference_type; typedef value_type reference;
    I i; F f;
    transform_iterator(I it, F g = F()) : i(it), f(g) {}
    value_type operator*() const { return f(*i); }
    value_type operator[](long n) const { return f(i[n]); }
    auto cv_raw() const { auto r = CV_RAW(i); return transform_iterator<F, decltype(r)>(r, f); }
    void cv_move(long n) { i += n; }
    long operator-(const transform_iterator &o) const { return i - o.i; }
    CV_RANDOM_ACCESS(transform_iterator)
};
template <class I, class F> transform_iterator<F, I> make_transform_iterator(I i, F f) { return transform_iterator<F, I>(i, f); }
template <class E, class I> struct permutation_iterator {
    enum { cv_side = thrust::cv_side<E>(0) };
    typedef cv_value_t<E> value_type; typedef long difference_type;
    E e; I i;
    permutation_iterator(E elements, I indices) : e(elements), i(indices) {}
    decltype(auto) operator*() const { return e[*i]; }
    decltype(auto) operator[](long n) const { return e[i[n]]; }
    auto cv_raw() const { auto r = CV_RAW(e); auto s = CV_RAW(i); return permutation_iterator<decltype(r), decltype(s)>(r, s); }
    void cv_move(long n) { i += n; }
    long operator-(const permutation_iterator &o) const { return i - o.i; }
    CV_RANDOM_ACCESS(permutation_iterator)
};
template <class E, class I> permutation_iterator<E, I> make_permutation_iterator(E e, I i) { return permutation_iterator<E, I>(e, i); }
template <class T> struct zip_iterator;
template <class... I> struct zip_iterator<tuple<I...>> {
    enum { cv_side = cv_side_of<I...>() };
    typedef tuple<cv_value_t<I>...> value_type; typedef long difference_type;
    tuple<I...> all;
    zip_iterator(const tuple<I...> &t) : all(t) {}
    static tuple<> cv_at(const tuple<> &, long) { return {}; }
    template <class H> static auto cv_at(const tuple<H> &t, long n) { return tuple<decltype(t.head[n])>(t.head[n]); }
    template <class H, class G> static auto cv_at(const tuple<H, G> &t, long n) { return tuple<decltype(t.head[n]), decltype(t.tail.head[n])>(t.head[n], t.tail.head[n]); }
    template <class H, class G, class F> static auto cv_at(const tuple<H, G, F> &t, long n) {
        return tuple<decltype(t.head[n]), decltype(t.tail.head[n]), decltype(t.tail.tail.head[n])>(t.head[n], t.tail.head[n], t.tail.tail.head[n]);
    }
    template <class H, class G, class F, class E> static auto cv_at(const tuple<H, G, F, E> &t, long n) {
        return tuple<decltype(t.head[n]), decltype(t.tail.head[n]), decltype(t.tail.tail.head[n]), decltype(t.tail.tail.tail.head[n])>(
            t.head[n], t.tail.head[n], t.tail.tail.head[n], t.tail.tail.tail.head[n]);
    }
    template <class... J> static zip_iterator<tuple<J...>> cv_zip(J... j) { return zip_iterator<tuple<J...>>(tuple<J...>(j...)); }
    template <class... D> static auto cv_raws(const tuple<> &, D... done) { return cv_zip(done...); }
    template <class H, class... R, class... D> static auto cv_raws(const tuple<H, R...> &t, D... done) { return cv_raws(t.tail, done..., CV_RAW(t.head)); }
    static void cv_step(tuple<> &, long) {}
    template <class H, class... R> static void cv_step(tuple<H, R...> &t, long n) { t.head += n; cv_step(t.tail, n); }
    auto operator*() const { return cv_at(all, 0); }
    auto operator[](long n) const { return cv_at(all, n); }
    auto cv_raw() const { return cv_raws(all); }
    void cv_move(long n) { cv_step(all, n); }
    long operator-(const zip_iterator &o) const { return all.head - o.all.head; }
    CV_RANDOM_ACCESS(zip_iterator)
};
template <class... I> zip_iterator<tuple<I...>> make_zip_iterator(const tuple<I...> &t) { return zip_iterator<tuple<I...>>(t); }
template <class I, class J, class... R> zip_iterator<tuple<I, J, R...>> make_zip_iterator(I i, J j, R... r) { return zip_iterator<tuple<I, J, R...>>(tuple<I, J, R...>(i, j, r...)); }
template <class I> long distance(I a, I b) { return b - a; }
template <class I> I next(I i, long n = 1) { return i + n; }

/* ---- functions ---- */
#define CV_FUNCTION2(NAME, EXPR) \
    template <class T = void> struct NAME { typedef T result_type; constexpr auto operator()(const T &a, const T &b) const { return EXPR; } }; \
    template <> struct NAME<void> { template <class A, class B> constexpr auto operator()(const A &a, const B &b) const { return EXPR; } };
CV_FUNCTION2(plus, a + b) CV_FUNCTION2(minus, a - b) CV_FUNCTION2(multiplies, a * b) CV_FUNCTION2(divides, a / b) CV_FUNCTION2(modulus, a % b)
CV_FUNCTION2(less, a < b) CV_FUNCTION2(greater, a > b) CV_FUNCTION2(less_equal, a <= b) CV_FUNCTION2(greater_equal, a >= b)
CV_FUNCTION2(equal_to, a == b) CV_FUNCTION2(not_equal_to, a != b) CV_FUNCTION2(maximum, a < b ? b : a) CV_FUNCTION2(minimum, b < a ? b : a)
CV_FUNCTION2(logical_and, a && b) CV_FUNCTION2(logical_or, a || b) CV_FUNCTION2(bit_and, a & b) CV_FUNCTION2(bit_or, a | b) CV_FUNCTION2(bit_xor, a ^ b)
#define CV_FUNCTION1(NAME, EXPR) \
    template <class T = void> struct NAME { constexpr auto operator()(const T &a) const { return EXPR; } }; \
    template <> struct NAME<void> { template <class A> constexpr auto operator()(const A &a) const { return EXPR; } };
CV_FUNCTION1(negate, -a) CV_FUNCTION1(square, a * a) CV_FUNCTION1(identity, a) CV_FUNCTION1(logical_not, !a)

namespace placeholders {
template <class F> struct cv_term {
    F f;
    template <class A> constexpr auto operator()(const A &a) const { return f(a, a); }
    template <class A, class B> constexpr auto operator()(const A &a, const B &b) const { return f(a, b); }
};
template <class F> constexpr cv_term<F> cv_make_term(F f) { return {f}; }
static constexpr auto _1 = cv_make_term([](const auto &a, const auto &) { return a; });
static constexpr auto _2 = cv_make_term([](const auto &, const auto &b) { return b; });
#define CV_TERM(O) \
    template <class F, class G> constexpr auto operator O(cv_term<F> l, cv_term<G> r) { return cv_make_term([l, r](const auto &a, const auto &b) { return l.f(a, b) O r.f(a, b); }); } \
    template <class F, class V> constexpr auto operator O(cv_term<F> l, V v) { return cv_make_term([l, v](const auto &a, const auto &b) { return l.f(a, b) O v; }); } \
    template <class V, class G> constexpr auto operator O(V v, cv_term<G> r) { return cv_make_term([v, r](const auto &a, const auto &b) { return v O r.f(a, b); }); }
CV_TERM(+) CV_TERM(-) CV_TERM(*) CV_TERM(/) CV_TERM(%) CV_TERM(<) CV_TERM(>) CV_TERM(<=) CV_TERM(>=) CV_TERM(==) CV_TERM(!=) CV_TERM(&&) CV_TERM(||)
template <class F> constexpr auto operator-(cv_term<F> t) { return cv_make_term([t](const auto &a, const auto &b) { return -t.f(a, b); }); }
template <class F> constexpr auto operator!(cv_term<F> t) { return cv_make_term([t](const auto &a, const auto &b) { return !t.f(a, b); }); }
}

/* ---- algorithms: cv_NAME(policy, ...) is one; NAME takes a policy or finds where its iterators point ---- */
#define CV_ALGORITHM(NAME) \
    template <class A, class... R> inline auto NAME(const A &a, const R &...r) { \
        if constexpr (cv_is_policy<A>(0)) return cv_##NAME(a, r...); \
        else return cv_##NAME(cv_space<cv_side_of<A, R...>()>(), a, r...); }

template <class P, class I, class F> I cv_for_each(P p, I first, I last, F f) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, f](unsigned long i) { F g = f; auto b = a; g(b[i]); });
    return last;
}
template <class P, class I, class N, class F> I cv_for_each_n(P p, I first, N n, F f) { return cv_for_each(p, first, first + n, f); }
template <class P, class I, class O, class F> O cv_transform(P p, I first, I last, O out, F f) {
    auto a = CV_RAW(first); auto o = CV_RAW(out);
    cv_each(p, last - first, [a, o, f](unsigned long i) { F g = f; auto b = a; auto q = o; q[i] = g(b[i]); });
    return out + (last - first);
}
template <class P, class I, class J, class O, class F> O cv_transform(P p, I first, I last, J second, O out, F f) {
    auto a = CV_RAW(first); auto c = CV_RAW(second); auto o = CV_RAW(out);
    cv_each(p, last - first, [a, c, o, f](unsigned long i) { F g = f; auto b = a; auto d = c; auto q = o; q[i] = g(b[i], d[i]); });
    return out + (last - first);
}
template <class P, class I, class O, class F, class C> O cv_transform_if(P p, I first, I last, O out, F f, C test) {
    auto a = CV_RAW(first); auto o = CV_RAW(out);
    cv_each(p, last - first, [a, o, f, test](unsigned long i) { auto b = a; auto q = o; if (test(b[i])) q[i] = f(b[i]); });
    return out + (last - first);
}
template <class P, class I, class S, class O, class F, class C> O cv_transform_if(P p, I first, I last, S stencil, O out, F f, C test) {
    auto a = CV_RAW(first); auto s = CV_RAW(stencil); auto o = CV_RAW(out);
    cv_each(p, last - first, [a, s, o, f, test](unsigned long i) { auto b = a; auto t = s; auto q = o; if (test(t[i])) q[i] = f(b[i]); });
    return out + (last - first);
}
template <class P, class I, class T> int cv_fill(P p, I first, I last, T v) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, v](unsigned long i) { auto b = a; b[i] = v; });
    return 0;
}
template <class P, class I, class N, class T> I cv_fill_n(P p, I first, N n, T v) { cv_fill(p, first, first + n, v); return first + n; }
template <class P, class I, class T> int cv_sequence(P p, I first, I last, T init, T step) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, init, step](unsigned long i) { auto b = a; b[i] = init + (T)i * step; });
    return 0;
}
template <class P, class I, class T> int cv_sequence(P p, I first, I last, T init) { return cv_sequence(p, first, last, init, T(1)); }
template <class P, class I> int cv_sequence(P p, I first, I last) { typedef cv_value_t<I> T; return cv_sequence(p, first, last, T(0), T(1)); }
template <class P, class I, class F> int cv_tabulate(P p, I first, I last, F f) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, f](unsigned long i) { auto b = a; b[i] = f((long)i); });
    return 0;
}
template <class P, class I, class F> int cv_generate(P p, I first, I last, F f) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, f](unsigned long i) { F g = f; auto b = a; b[i] = g(); });
    return 0;
}
template <class P, class I, class C, class T> int cv_replace_if(P p, I first, I last, C test, T v) {
    auto a = CV_RAW(first);
    cv_each(p, last - first, [a, test, v](unsigned long i) { auto b = a; if (test(b[i])) b[i] = v; });
    return 0;
}
template <class P, class I, class T> int cv_replace(P p, I first, I last, T old, T v) { return cv_replace_if(p, first, last, [old](const auto &x) { return x == old; }, v); }
template <class P, class M, class I, class O> O cv_gather(P p, M first, M last, I in, O out) {
    auto m = CV_RAW(first); auto a = CV_RAW(in); auto o = CV_RAW(out);
    cv_each(p, last - first, [m, a, o](unsigned long i) { auto q = o; q[i] = a[m[i]]; });
    return out + (last - first);
}
template <class P, class I, class M, class O> int cv_scatter(P p, I first, I last, M map, O out) {
    auto a = CV_RAW(first); auto m = CV_RAW(map); auto o = CV_RAW(out);
    cv_each(p, last - first, [m, a, o](unsigned long i) { auto q = o; q[m[i]] = a[i]; });
    return 0;
}
template <class P, class I> int cv_reverse(P p, I first, I last) {
    auto a = CV_RAW(first); long n = last - first;
    cv_each(p, n / 2, [a, n](unsigned long i) { auto b = a; cv_value_t<I> t = b[i]; b[i] = b[n - 1 - i]; b[n - 1 - i] = t; });
    return 0;
}

/* Elements a[low, high) through f, combined pair by pair. */
template <class T, class A, class F, class O> T cv_tree(A &a, long low, long high, F &f, O &op) {
    if (high - low == 1) return (T)f(a[low]);
    long middle = low + (high - low) / 2;
    return op(cv_tree<T>(a, low, middle, f, op), cv_tree<T>(a, middle, high, f, op));
}
template <class P, class I, class F, class T, class O> T cv_transform_reduce(P p, I first, I last, F f, T init, O op) {
    auto a = CV_RAW(first); long n = last - first; T r = init;
    if (n > 0) cv_once(p, [&]() { r = op(init, cv_tree<T>(a, 0, n, f, op)); });
    return r;
}
template <class P, class I, class T, class O> T cv_reduce(P p, I first, I last, T init, O op) { return cv_transform_reduce(p, first, last, identity<>(), init, op); }
template <class P, class I, class T> T cv_reduce(P p, I first, I last, T init) { return cv_reduce(p, first, last, init, plus<T>()); }
template <class P, class I> cv_value_t<I> cv_reduce(P p, I first, I last) { return cv_reduce(p, first, last, cv_value_t<I>()); }
template <class P, class I, class J, class T, class O, class F> T cv_inner_product(P p, I first, I last, J second, T init, O op, F f) {
    auto a = CV_RAW(first); auto b = CV_RAW(second); long n = last - first; T r = init;
    counting_iterator<long> c(0);
    auto g = [&](long i) { return f(a[i], b[i]); };
    if (n > 0) cv_once(p, [&]() { r = op(init, cv_tree<T>(c, 0, n, g, op)); });
    return r;
}
template <class P, class I, class J, class T> T cv_inner_product(P p, I first, I last, J second, T init) { return cv_inner_product(p, first, last, second, init, plus<T>(), multiplies<>()); }
template <class P, class I, class F> long cv_count_if(P p, I first, I last, F f) {
    return cv_transform_reduce(p, first, last, [f](const auto &v) { return f(v) ? 1L : 0L; }, 0L, plus<long>());
}
template <class P, class I, class T> long cv_count(P p, I first, I last, T v) { return cv_count_if(p, first, last, [v](const auto &x) { return x == v; }); }
template <class P, class I, class F> I cv_find_if(P p, I first, I last, F f) {
    auto a = CV_RAW(first); long n = last - first, at = n;
    cv_once(p, [&]() { for (long i = 0; i < n && at == n; i++) if (f(a[i])) at = i; });
    return first + at;
}
template <class P, class I, class T> I cv_find(P p, I first, I last, T v) { return cv_find_if(p, first, last, [v](const auto &x) { return x == v; }); }
template <class P, class I, class F> bool cv_any_of(P p, I first, I last, F f) { return cv_find_if(p, first, last, f) != last; }
template <class P, class I, class F> bool cv_none_of(P p, I first, I last, F f) { return cv_find_if(p, first, last, f) == last; }
template <class P, class I, class F> bool cv_all_of(P p, I first, I last, F f) { return cv_find_if(p, first, last, [f](const auto &x) { return !f(x); }) == last; }
template <class P, class I, class C> I cv_min_element(P p, I first, I last, C less) {
    auto a = CV_RAW(first); long n = last - first, at = 0;
    cv_once(p, [&]() { for (long i = 1; i < n; i++) if (less(a[i], a[at])) at = i; });
    return first + at;
}
template <class P, class I, class C> I cv_max_element(P p, I first, I last, C less) {
    auto a = CV_RAW(first); long n = last - first, at = 0;
    cv_once(p, [&]() { for (long i = 1; i < n; i++) if (less(a[at], a[i])) at = i; });
    return first + at;
}
template <class P, class I> I cv_min_element(P p, I first, I last) { return cv_min_element(p, first, last, less<>()); }
template <class P, class I> I cv_max_element(P p, I first, I last) { return cv_max_element(p, first, last, less<>()); }
template <class P, class I> pair<I, I> cv_minmax_element(P p, I first, I last) { return {cv_min_element(p, first, last), cv_max_element(p, first, last)}; }
template <class P, class I, class J> bool cv_equal(P p, I first, I last, J second) {
    return cv_inner_product(p, first, last, second, true, logical_and<bool>(), equal_to<>());
}
template <class P, class I, class C> bool cv_is_sorted(P p, I first, I last, C less) {
    auto a = CV_RAW(first); long n = last - first; bool r = true;
    cv_once(p, [&]() { for (long i = 1; i < n; i++) if (less(a[i], a[i - 1])) r = false; });
    return r;
}
template <class P, class I> bool cv_is_sorted(P p, I first, I last) { return cv_is_sorted(p, first, last, less<>()); }

/* Prefixes of a few elements first, then with what comes before those. */
template <class P, class I, class O, class F, class T, class B> O cv_scan(P p, I first, I last, O out, F f, bool exclusive, bool begun, T before, B op) {
    auto a = CV_RAW(first); auto o = CV_RAW(out); long n = last - first;
    cv_once(p, [&]() {
        for (long low = 0; low < n; low += 4) {
            T mine = before; bool any = false; T start = before;
            for (long i = low; i < n && i < low + 4; i++) {
                T v = (T)f(a[i]);
                if (exclusive) o[i] = any ? (begun ? op(start, mine) : mine) : start;
                mine = any ? op(mine, v) : v;
                any = true;
                if (!exclusive) o[i] = begun ? op(start, mine) : mine;
            }
            before = begun ? op(start, mine) : mine;
            begun = true;
        }
    });
    return out + n;
}
template <class P, class I, class O, class B> O cv_inclusive_scan(P p, I first, I last, O out, B op) { return cv_scan(p, first, last, out, identity<>(), false, false, cv_value_t<I>(), op); }
template <class P, class I, class O> O cv_inclusive_scan(P p, I first, I last, O out) { return cv_inclusive_scan(p, first, last, out, plus<>()); }
template <class P, class I, class O, class T, class B> O cv_exclusive_scan(P p, I first, I last, O out, T init, B op) { return cv_scan(p, first, last, out, identity<>(), true, true, init, op); }
template <class P, class I, class O, class T> O cv_exclusive_scan(P p, I first, I last, O out, T init) { return cv_exclusive_scan(p, first, last, out, init, plus<>()); }
template <class P, class I, class O> O cv_exclusive_scan(P p, I first, I last, O out) { return cv_exclusive_scan(p, first, last, out, cv_value_t<I>()); }
template <class P, class I, class O, class F, class B> O cv_transform_inclusive_scan(P p, I first, I last, O out, F f, B op) {
    return cv_scan(p, first, last, out, f, false, false, cv_bare_t<decltype(f(cv_make<cv_value_t<I>>()))>(), op);
}
template <class P, class I, class O, class F, class T, class B> O cv_transform_exclusive_scan(P p, I first, I last, O out, F f, T init, B op) { return cv_scan(p, first, last, out, f, true, true, init, op); }
template <class P, class I, class O, class B> O cv_adjacent_difference(P p, I first, I last, O out, B op) {
    auto a = CV_RAW(first); auto o = CV_RAW(out); long n = last - first;
    cv_once(p, [&]() { cv_value_t<I> old{}; for (long i = 0; i < n; i++) { cv_value_t<I> v = a[i]; o[i] = i ? op(v, old) : v; old = v; } });
    return out + n;
}
template <class P, class I, class O> O cv_adjacent_difference(P p, I first, I last, O out) { return cv_adjacent_difference(p, first, last, out, minus<>()); }

/* Those that a test keeps, one after the other. */
template <class P, class I, class S, class O, class F> O cv_copy_if(P p, I first, I last, S stencil, O out, F f) {
    auto a = CV_RAW(first); auto s = CV_RAW(stencil); auto o = CV_RAW(out); long n = last - first, k = 0;
    cv_once(p, [&]() { for (long i = 0; i < n; i++) if (f(s[i])) { cv_value_t<I> v = a[i]; o[k++] = v; } });
    return out + k;
}
template <class P, class I, class O, class F> O cv_copy_if(P p, I first, I last, O out, F f) { return cv_copy_if(p, first, last, first, out, f); }
template <class P, class I, class O, class F> O cv_remove_copy_if(P p, I first, I last, O out, F f) { return cv_copy_if(p, first, last, out, [f](const auto &x) { return !f(x); }); }
template <class P, class I, class F> I cv_remove_if(P p, I first, I last, F f) { return cv_remove_copy_if(p, first, last, first, f); }
template <class P, class I, class T> I cv_remove(P p, I first, I last, T v) { return cv_remove_if(p, first, last, [v](const auto &x) { return x == v; }); }
template <class P, class I, class E> I cv_unique(P p, I first, I last, E same) {
    auto a = CV_RAW(first); long n = last - first, k = 0;
    cv_once(p, [&]() { for (long i = 0; i < n; i++) { cv_value_t<I> v = a[i]; if (!k || !same(a[k - 1], v)) a[k++] = v; } });
    return first + k;
}
template <class P, class I> I cv_unique(P p, I first, I last) { return cv_unique(p, first, last, equal_to<>()); }
template <class P, class K, class V, class KO, class VO, class E, class B> pair<KO, VO> cv_reduce_by_key(P p, K first, K last, V values, KO keys_out, VO values_out, E same, B op) {
    auto a = CV_RAW(first); auto v = CV_RAW(values); auto ko = CV_RAW(keys_out); auto vo = CV_RAW(values_out); long n = last - first, k = 0;
    cv_once(p, [&]() {
        for (long low = 0, high; low < n; low = high) {
            for (high = low + 1; high < n && same(a[high - 1], a[high]); high++) {}
            identity<> f;
            cv_value_t<K> key = a[low];
            vo[k] = cv_tree<cv_value_t<V>>(v, low, high, f, op);
            ko[k++] = key;
        }
    });
    return {keys_out + k, values_out + k};
}
template <class P, class K, class V, class KO, class VO, class E> pair<KO, VO> cv_reduce_by_key(P p, K first, K last, V values, KO keys_out, VO values_out, E same) {
    return cv_reduce_by_key(p, first, last, values, keys_out, values_out, same, plus<>());
}
template <class P, class K, class V, class KO, class VO> pair<KO, VO> cv_reduce_by_key(P p, K first, K last, V values, KO keys_out, VO values_out) {
    return cv_reduce_by_key(p, first, last, values, keys_out, values_out, equal_to<>());
}

/* ---- sorting: a stable merge of indices ---- */
template <class T, class C> void cv_merge_sort(const T *keys, long *at, long *other, long low, long high, C &less) {
    if (high - low < 2) return;
    long middle = low + (high - low) / 2, i = low, j = middle;
    cv_merge_sort(keys, at, other, low, middle, less);
    cv_merge_sort(keys, at, other, middle, high, less);
    for (long k = low; k < high; k++) other[k] = j >= high || (i < middle && !less(keys[at[j]], keys[at[i]])) ? at[i++] : at[j++];
    for (long k = low; k < high; k++) at[k] = other[k];
}
template <class I, class C> long *cv_sorted_order(I keys, long n, C less) {
    typedef cv_value_t<I> T;
    T *values = new T[n + 1];
    long *at = new long[n + 1], *other = new long[n + 1];
    for (long i = 0; i < n; i++) { values[i] = keys[i]; at[i] = i; }
    cv_merge_sort(values, at, other, 0, n, less);
    delete[] values;
    delete[] other;
    return at;
}
template <class I> void cv_put_in_order(I a, long n, const long *at) {
    typedef cv_value_t<I> T;
    T *values = new T[n + 1];
    for (long i = 0; i < n; i++) values[i] = a[i];
    for (long i = 0; i < n; i++) a[i] = values[at[i]];
    delete[] values;
}
template <class P, class I, class C> int cv_sort(P p, I first, I last, C less) {
    auto a = CV_RAW(first); long n = last - first;
    cv_once(p, [&]() { long *at = cv_sorted_order(a, n, less); cv_put_in_order(a, n, at); delete[] at; });
    return 0;
}
template <class P, class I> int cv_sort(P p, I first, I last) { return cv_sort(p, first, last, less<>()); }
template <class P, class... R> int cv_stable_sort(P p, R... r) { return cv_sort(p, r...); }
template <class P, class K, class V, class C> int cv_sort_by_key(P p, K first, K last, V values, C less) {
    auto a = CV_RAW(first); auto v = CV_RAW(values); long n = last - first;
    cv_once(p, [&]() { long *at = cv_sorted_order(a, n, less); cv_put_in_order(a, n, at); cv_put_in_order(v, n, at); delete[] at; });
    return 0;
}
template <class P, class K, class V> int cv_sort_by_key(P p, K first, K last, V values) { return cv_sort_by_key(p, first, last, values, less<>()); }
template <class P, class... R> int cv_stable_sort_by_key(P p, R... r) { return cv_sort_by_key(p, r...); }

/* ---- copies, between the host's memory and the device's too ---- */
template <class T> struct cv_is_pointer { enum { value = 0 }; };
template <class T> struct cv_is_pointer<T *> { enum { value = 1 }; };
template <class P, class I, class O> O cv_copy(P p, I first, I last, O out) {
    constexpr int from = cv_side<I>(0), to = cv_side<O>(0);
    auto a = CV_RAW(first); auto o = CV_RAW(out);
    typedef cv_value_t<I> T;
    const long n = last - first;
    if constexpr (P::side == cv_here) { for (long i = 0; i < n; i++) o[i] = a[i]; }
    else if constexpr (P::side < 0) { /* from one to the other */
        if (n <= 0) return out;
        constexpr bool same = __is_same(T, cv_value_t<O>);
        if constexpr (from == cv_on_device && cv_is_pointer<decltype(a)>::value && cv_is_pointer<O>::value && same) cv_cuda_memcpy((void *)o, (const void *)a, n * sizeof(T), 2, 0, 0);
        else if constexpr (to == cv_on_device && cv_is_pointer<I>::value && cv_is_pointer<decltype(o)>::value && same) cv_cuda_memcpy((void *)o, (const void *)a, n * sizeof(T), 1, 0, 0);
        else {
            T *staged = nullptr, *beyond = new T[n];
            cv_cuda_malloc((void **)&staged, n * sizeof(T), 0);
            if constexpr (from == cv_on_device) {
                cv_each(device, n, [a, staged](unsigned long i) { staged[i] = a[i]; });
                cv_cuda_memcpy(beyond, staged, n * sizeof(T), 2, 0, 0);
                O q = out;
                for (long i = 0; i < n; i++) { *q = beyond[i]; ++q; }
            } else {
                I q = first;
                for (long i = 0; i < n; i++) { beyond[i] = *q; ++q; }
                cv_cuda_memcpy(staged, beyond, n * sizeof(T), 1, 0, 0);
                cv_each(device, n, [o, staged](unsigned long i) { auto r = o; r[i] = staged[i]; });
            }
            cv_cuda_free(staged);
            delete[] beyond;
        }
    } else if constexpr (P::side == cv_on_device) { /* a policy may say so of raw pointers */
        if (n > 0) cv_each(p, n, [a, o](unsigned long i) { auto b = a; auto r = o; r[i] = b[i]; });
    } else {
        O q = out;
        for (I i = first; i != last; ++i, ++q) *q = *i;
        return q;
    }
    return out + n;
}
template <class P, class I, class N, class O> O cv_copy_n(P p, I first, N n, O out) { return cv_copy(p, first, first + n, out); }

CV_ALGORITHM(for_each) CV_ALGORITHM(for_each_n) CV_ALGORITHM(transform) CV_ALGORITHM(transform_if) CV_ALGORITHM(fill) CV_ALGORITHM(fill_n) CV_ALGORITHM(sequence)
CV_ALGORITHM(tabulate) CV_ALGORITHM(generate) CV_ALGORITHM(replace) CV_ALGORITHM(replace_if) CV_ALGORITHM(gather) CV_ALGORITHM(scatter) CV_ALGORITHM(reverse)
CV_ALGORITHM(reduce) CV_ALGORITHM(transform_reduce) CV_ALGORITHM(inner_product) CV_ALGORITHM(count) CV_ALGORITHM(count_if) CV_ALGORITHM(find) CV_ALGORITHM(find_if)
CV_ALGORITHM(any_of) CV_ALGORITHM(all_of) CV_ALGORITHM(none_of) CV_ALGORITHM(min_element) CV_ALGORITHM(max_element) CV_ALGORITHM(minmax_element) CV_ALGORITHM(equal)
CV_ALGORITHM(is_sorted) CV_ALGORITHM(inclusive_scan) CV_ALGORITHM(exclusive_scan) CV_ALGORITHM(transform_inclusive_scan) CV_ALGORITHM(transform_exclusive_scan)
CV_ALGORITHM(adjacent_difference) CV_ALGORITHM(copy_if) CV_ALGORITHM(remove_copy_if) CV_ALGORITHM(remove_if) CV_ALGORITHM(remove) CV_ALGORITHM(unique) CV_ALGORITHM(reduce_by_key)
CV_ALGORITHM(sort) CV_ALGORITHM(stable_sort) CV_ALGORITHM(sort_by_key) CV_ALGORITHM(stable_sort_by_key) CV_ALGORITHM(copy) CV_ALGORITHM(copy_n)

/* ---- vectors ---- */
template <class T> struct cv_device_memory {
    typedef device_ptr<T> iterator; typedef device_ptr<const T> const_iterator; typedef device_reference<T> reference;
    static constexpr cv_space<cv_on_device> space{};
    static T *get(size_t n) { void *p = nullptr; if (n) cv_cuda_malloc(&p, n * sizeof(T), 0); return (T *)p; }
    static void put(T *p) { if (p) cv_cuda_free(p); }
};
template <class T> struct cv_host_memory {
    typedef T *iterator; typedef const T *const_iterator; typedef T &reference;
    static constexpr cv_space<cv_on_host> space{};
    static T *get(size_t n) { return n ? new T[n]() : nullptr; }
    static void put(T *p) { delete[] p; }
};
template <class T, template <class> class M> struct cv_vector {
    typedef T value_type; typedef size_t size_type; typedef long difference_type;
    typedef typename M<T>::iterator iterator; typedef typename M<T>::const_iterator const_iterator; typedef typename M<T>::reference reference;
    typedef iterator pointer;
    T *p = nullptr; size_t n = 0, room = 0;
    cv_vector() {}
    explicit cv_vector(size_t count) { resize(count); }
    cv_vector(size_t count, const T &v) { resize(count, v); }
    template <class I, class = decltype(*cv_make<I &>())> cv_vector(I first, I last) { assign(first, last); }
    cv_vector(std::initializer_list<T> l) { assign(l.begin(), l.end()); }
    cv_vector(const cv_vector &o) { assign(o.begin(), o.end()); }
    cv_vector(cv_vector &&o) { cv_take(o); }
    template <class V, class = decltype(cv_make<const V &>().begin())> cv_vector(const V &o) { assign(o.begin(), o.end()); }
    cv_vector &operator=(const cv_vector &o) { if (this != &o) assign(o.begin(), o.end()); return *this; }
    cv_vector &operator=(cv_vector &&o) { if (this != &o) { M<T>::put(p); cv_take(o); } return *this; }
    template <class V, class = decltype(cv_make<const V &>().begin())> cv_vector &operator=(const V &o) { assign(o.begin(), o.end()); return *this; }
    ~cv_vector() { M<T>::put(p); }
    void cv_take(cv_vector &o) { p = o.p; n = o.n; room = o.room; o.p = nullptr; o.n = o.room = 0; }
    void swap(cv_vector &o) { cv_vector t; t.cv_take(*this); cv_take(o); o.cv_take(t); }
    void reserve(size_t count) {
        if (count <= room) return;
        T *q = M<T>::get(count);
        if (n) cv_copy(M<T>::space, iterator(p), iterator(p + n), iterator(q));
        M<T>::put(p);
        p = q; room = count;
    }
    void resize(size_t count, const T &v = T()) {
        reserve(count);
        if (count > n) cv_fill(M<T>::space, iterator(p + n), iterator(p + count), v);
        n = count;
    }
    void assign(size_t count, const T &v) { n = 0; resize(count, v); }
    template <class I, class = decltype(*cv_make<I &>())> void assign(I first, I last) {
        size_t count = 0;
        for (I i = first; i != last; ++i) count++;
        if (count > room) { T *q = M<T>::get(count); M<T>::put(p); p = q; room = count; }
        n = count;
        thrust::copy(first, last, iterator(p));
    }
    void clear() { n = 0; }
    void shrink_to_fit() {}
    void push_back(const T &v) { if (n == room) reserve(n ? 2 * n : 4); size_t at = n++; iterator(p)[at] = v; }
    void pop_back() { n--; }
    size_t size() const { return n; }
    size_t capacity() const { return room; }
    bool empty() const { return !n; }
    iterator begin() { return iterator(p); } iterator end() { return iterator(p + n); }
    const_iterator begin() const { return const_iterator(p); } const_iterator end() const { return const_iterator(p + n); }
    const_iterator cbegin() const { return begin(); } const_iterator cend() const { return end(); }
    iterator data() { return begin(); } const_iterator data() const { return begin(); }
    decltype(auto) operator[](size_t i) { return begin()[i]; } decltype(auto) operator[](size_t i) const { return begin()[i]; }
    decltype(auto) front() { return begin()[0]; } decltype(auto) back() { return begin()[n - 1]; }
    decltype(auto) front() const { return begin()[0]; } decltype(auto) back() const { return begin()[n - 1]; }
};
template <class T> using device_vector = cv_vector<T, cv_device_memory>;
template <class T> using host_vector = cv_vector<T, cv_host_memory>;
}
#endif
