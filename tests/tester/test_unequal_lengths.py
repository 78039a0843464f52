"""Functions of several vectors are also tested with one of them shorter."""

from __future__ import annotations

import pytest

DOT = """#include <vector>
double f(const std::vector<double> &a, const std::vector<double> &b) { double s = 0; \
for (size_t i = 0; i < a.size() && i < b.size(); i++) s += a[i] * b[i]; return s; }"""
OPENMP = """#include <vector>
#include <algorithm>
double f(const std::vector<double> &a, const std::vector<double> &b) {{ double s = 0; \
size_t n = {0};
#pragma omp parallel for reduction(+:s)
for (size_t i = 0; i < n; i++) s += a[i] * b[i];
return s; }}"""
ADD = """#include <vector>
void f(const std::vector<float> &a, std::vector<float> &b) { if (a.size() != b.size()) return; \
for (size_t i = 0; i < a.size(); i++) b[i] += a[i]; }"""
KERNEL = (
    "__global__ void f(const float *a, float *b, int n) { int i = blockIdx.x * blockDim.x "
    "+ threadIdx.x; if (i < n) b[i] += a[i]; }"
)
LENGTHS = (
    "__global__ void f(const float *a, int a_size, float *b, int b_size) { int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < a_size) b[i] += a[i]; }"
)
CASES = {
    "the shorter of both": (DOT, OPENMP.format("std::min(a.size(), b.size())"), True),
    "the first": (DOT, OPENMP.format("a.size()"), False),
    "one number for both, which cannot say that they differ": (ADD, KERNEL, True),
    "a number for each": (
        ADD,
        LENGTHS.replace("i < a_size", "a_size == b_size && i < a_size"),
        True,
    ),
    "a number for each, of which one is not asked for": (ADD, LENGTHS, False),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    assert verdicts[name].equivalent is CASES[name][2], (
        f"{verdicts[name].outcome}: {verdicts[name].detail}"
    )
