// expect: compile_error
// doubles templates at every level
template <int N, long M> struct bomb { enum { value = bomb<N - 1, 2 * M>::value + bomb<N - 1, 2 * M + 1>::value }; };
template <long M> struct bomb<0, M> { enum { value = 1 }; };
void f(float *x, int n) {
    x[0] = bomb<40, 0>::value;
}
