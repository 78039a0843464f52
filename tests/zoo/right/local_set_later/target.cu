// smallest and second smallest of every row: nothing is set where it is declared, and some of it is copied before it is
// expected: EQUIVALENT
#define LOWER(a, b) ((a) < (b))
struct Two { float first, second; };
__device__ Two swapped(Two p) { Two q; q.first = p.second; q.second = p.first; return q; }
__global__ void work(const float *a, float *y, int m, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, j;
    Two p, q;
    float v, unused[3];
    q = p;
    v = unused[1];
    if (i >= m) return;
    p.first = p.second = a[i * n];
    for (j = 1; j < n; j++) {
        v = a[i * n + j];
        if (j == 1 || LOWER(v, p.second)) p.second = v;
        if (LOWER(p.second, p.first)) { q = swapped(p); p = q; }
    }
    y[2 * i] = p.first;
    y[2 * i + 1] = p.second;
}
