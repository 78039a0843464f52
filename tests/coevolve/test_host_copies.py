"""How long an array of the caller may be: what host code of a CUDA port copies beyond what the
source touches.
"""

import pytest

from coevolve import Program, verify

ASUM = """double asum(int n, const double *x, int incx) {
    double s = 0;
    for (int i = 0; i < n; i++) s += x[i * incx] < 0 ? -x[i * incx] : x[i * incx];
    return s;
}
"""
PORT = """__global__ void add(int n, const double *x, int incx, double *s) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(s, fabs(x[i * incx]));
}
double asum(int n, const double *x, int incx) {
    double *d, *t, s = 0;
    size_t count = COUNT;
    cudaMalloc(&d, count * sizeof(double));
    cudaMalloc(&t, sizeof(double));
    cudaMemcpy(d, x, count * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(t, &s, sizeof(double), cudaMemcpyHostToDevice);
    add<<<n / 256 + 1, 256>>>(n, d, incx, t);
    cudaMemcpy(&s, t, sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(t);
    return s;
}
"""
STENCIL = """void blur(int rows, int cols, const float *a, float *b) {
    for (int i = 1; i <= rows; i++)
        for (int j = 1; j <= cols; j++)
            b[i * (cols + 2) + j] = a[(i - 1) * (cols + 2) + j] + a[(i + 1) * (cols + 2) + j];
}
"""
STENCIL_PORT = """__global__ void add(int rows, int cols, const float *a, float *b) {
    int i = blockIdx.y * blockDim.y + threadIdx.y + 1;
    int j = blockIdx.x * blockDim.x + threadIdx.x + 1, w = cols + 2;
    if (i <= rows && j <= cols) b[i * w + j] = a[(i - 1) * w + j] + a[(i + 1) * w + j];
}
void blur(int rows, int cols, const float *a, float *b) {
    float *p, *q;
    size_t bytes = (size_t)(rows + 2) * (cols + 2) * sizeof(float);
    cudaMalloc(&p, bytes);
    cudaMalloc(&q, bytes);
    cudaMemcpy(p, a, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(q, b, bytes, cudaMemcpyHostToDevice);
    if (rows > 0 && cols > 0)
        add<<<dim3((cols + 31) / 32, (rows + 7) / 8), dim3(32, 8)>>>(rows, cols, p, q);
    cudaMemcpy(b, q, bytes, cudaMemcpyDeviceToHost);
    cudaFree(p);
    cudaFree(q);
}
"""


@pytest.mark.parametrize(
    ("count", "right"),
    [
        ("(size_t)(n > 0 ? (n - 1) * incx + 1 : 0)", True),
        ("(size_t)n * (incx > 0 ? incx : 1)", True),  # a size of the call: such an array is usual
        ("(size_t)n * incx + 1000", False),
        ("(size_t)n * incx * 10 + 100000", False),
    ],
)
def test_a_copy_may_be_as_long_as_a_size_of_the_call_says(count, right):
    port = PORT.replace("COUNT", count)
    verdict = verify(Program("cpp", "asum", ASUM), Program("cuda", "asum", port))
    assert verdict.equivalent is right, verdict
    if not right:
        assert "out of bounds" in verdict.detail and "x[" in verdict.detail


def test_a_whole_array_with_its_border_may_be_copied():
    verdict = verify(Program("cpp", "blur", STENCIL), Program("cuda", "blur", STENCIL_PORT))
    assert verdict.equivalent, verdict
