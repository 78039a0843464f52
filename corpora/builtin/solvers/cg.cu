// Conjugate gradients, at most `iters` steps, for (-d2/dx2 + c^2) x = b on n points: A = tridiag(-1, 2 + c[i]^2, -1),
// which is symmetric positive definite for every c. x enters as the first guess and leaves as the solution.
#define THREADS 128
#define MAX_BLOCKS 16

__global__ void apply(int n, const double *c, const double *p, double *q)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double left = i > 0 ? p[i - 1] : 0.0;
        double right = i < n - 1 ? p[i + 1] : 0.0;
        q[i] = (2.0 + c[i] * c[i]) * p[i] - left - right;
    }
}

__global__ void start(int n, const double *b, const double *q, double *r, double *p)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double v = b[i] - q[i];
        r[i] = v;
        p[i] = v;
    }
}

__global__ void step(int n, double alpha, const double *p, const double *q, double *x, double *r)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        x[i] += alpha * p[i];
        r[i] -= alpha * q[i];
    }
}

__global__ void turn(int n, double beta, const double *r, double *p)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        p[i] = r[i] + beta * p[i];
}

__global__ void inner_partial(int n, const double *u, const double *v, double *partial)
{
    __shared__ double part[THREADS];
    double s = 0.0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        s += u[i] * v[i];
    part[threadIdx.x] = s;
    __syncthreads();
    for (int h = THREADS / 2; h > 0; h /= 2) {
        if (threadIdx.x < h)
            part[threadIdx.x] += part[threadIdx.x + h];
        __syncthreads();
    }
    if (threadIdx.x == 0)
        partial[blockIdx.x] = part[0];
}

static double inner(int n, const double *u, const double *v, double *partial)
{
    double host[MAX_BLOCKS], s = 0.0;
    int blocks = (n + THREADS - 1) / THREADS;
    if (blocks > MAX_BLOCKS) blocks = MAX_BLOCKS;
    inner_partial<<<blocks, THREADS>>>(n, u, v, partial);
    cudaMemcpy(host, partial, blocks * sizeof(double), cudaMemcpyDeviceToHost);
    for (int i = 0; i < blocks; i++) s += host[i];
    return s;
}

void cg(int n, int iters, const double *c, const double *b, double *x)
{
    size_t bytes = n * sizeof(double);
    int blocks = (n + THREADS - 1) / THREADS;
    double *dc, *db, *dx, *r, *p, *q, *partial;
    cudaMalloc((void **)&dc, bytes);
    cudaMalloc((void **)&db, bytes);
    cudaMalloc((void **)&dx, bytes);
    cudaMalloc((void **)&r, bytes);
    cudaMalloc((void **)&p, bytes);
    cudaMalloc((void **)&q, bytes);
    cudaMalloc((void **)&partial, MAX_BLOCKS * sizeof(double));
    cudaMemcpy(dc, c, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(db, b, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice);
    apply<<<blocks, THREADS>>>(n, dc, dx, q);
    start<<<blocks, THREADS>>>(n, db, q, r, p);
    double rr = inner(n, r, r, partial);
    const double stop = 1e-24 * rr;
    for (int it = 0; it < iters && rr > stop; it++) {
        apply<<<blocks, THREADS>>>(n, dc, p, q);
        double alpha = rr / inner(n, p, q, partial);
        step<<<blocks, THREADS>>>(n, alpha, p, q, dx, r);
        double next = inner(n, r, r, partial);
        turn<<<blocks, THREADS>>>(n, next / rr, r, p);
        rr = next;
    }
    cudaMemcpy(x, dx, bytes, cudaMemcpyDeviceToHost);
    cudaFree(dc);
    cudaFree(db);
    cudaFree(dx);
    cudaFree(r);
    cudaFree(p);
    cudaFree(q);
    cudaFree(partial);
}
