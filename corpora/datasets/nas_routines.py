"""Small routines that NAS functions call and their rows do not hold, in C++ and Fortran, by
benchmark (see corpora.datasets.nas).

Contract: data only. Both sides compute the same: 5x5 block products and eliminations without
pivoting (BT), boundary rows of the left-hand sides (BT, SP), x <- a x mod 2^46 (CG, FT), one
radix-2 step of a Stockham FFT over blocks of columns (FT).

    python -c "from corpora.datasets.nas_routines import CPP_ROUTINES; print(list(CPP_ROUTINES))"
"""

from __future__ import annotations

_BT_CPP = """
static void lhsinit(double lhs[][3][5][5], int size) {
  for (int end = 0; end < 2; end++)
    for (int block = 0; block < 3; block++)
      for (int n = 0; n < 5; n++)
        for (int m = 0; m < 5; m++) lhs[end * size][block][n][m] = block == 1 && m == n ? 1.0 : 0.0;
}
static void matvec_sub(double block[5][5], double given[5], double changed[5]) {
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) changed[i] = changed[i] - block[j][i] * given[j];
}
static void matmul_sub(double left[5][5], double right[5][5], double changed[5][5]) {
  for (int j = 0; j < 5; j++)
    for (int i = 0; i < 5; i++)
      for (int k = 0; k < 5; k++) changed[j][i] = changed[j][i] - left[k][i] * right[j][k];
}
static void binvcrhs(double lhs[5][5], double c[5][5], double r[5]) {
  for (int p = 0; p < 5; p++) {
    double pivot = 1.0 / lhs[p][p];
    for (int j = p + 1; j < 5; j++) lhs[j][p] = lhs[j][p] * pivot;
    for (int j = 0; j < 5; j++) c[j][p] = c[j][p] * pivot;
    r[p] = r[p] * pivot;
    for (int i = 0; i < 5; i++) {
      if (i == p) continue;
      double factor = lhs[p][i];
      for (int j = p + 1; j < 5; j++) lhs[j][i] = lhs[j][i] - factor * lhs[j][p];
      for (int j = 0; j < 5; j++) c[j][i] = c[j][i] - factor * c[j][p];
      r[i] = r[i] - factor * r[p];
    }
  }
}
static void binvrhs(double lhs[5][5], double r[5]) {
  for (int p = 0; p < 5; p++) {
    double pivot = 1.0 / lhs[p][p];
    for (int j = p + 1; j < 5; j++) lhs[j][p] = lhs[j][p] * pivot;
    r[p] = r[p] * pivot;
    for (int i = 0; i < 5; i++) {
      if (i == p) continue;
      double factor = lhs[p][i];
      for (int j = p + 1; j < 5; j++) lhs[j][i] = lhs[j][i] - factor * lhs[j][p];
      r[i] = r[i] - factor * r[p];
    }
  }
}
"""
_RANDOM_CPP = """
static double randlc(double *x, double a) {
  unsigned long modulus = 1UL << 46;
  unsigned long state = (unsigned long)(long)*x % modulus;
  unsigned long factor = (unsigned long)(long)a % modulus;
  unsigned long product = 0;
  for (int bit = 0; bit < 46; bit++) {
    if (factor >> bit & 1) product = (product + state) % modulus;
    state = state * 2 % modulus;
  }
  *x = (double)product;
  return (double)product / (double)modulus;
}
"""
_CG_CPP = _RANDOM_CPP + "static int icnvrt(double x, int ipwr2) { return (int)(ipwr2 * x); }\n"
_FT_CPP = (
    _RANDOM_CPP
    + """
static dcomplex dcomplex_mul2(dcomplex a, double b) { dcomplex r = {a.real * b, a.imag * b}; \
return r; }
static int ilog2(int n) {
  int lg = 0;
  while (n > 1) { n = n / 2; lg = lg + 1; }
  return lg;
}
static void fftz2(int is, int l, int m, int n, int ny, int ny1, dcomplex u[], \
dcomplex x[][FFTBLOCKPAD], dcomplex y[][FFTBLOCKPAD]) {
  int half = n / 2, lk = 1 << (l - 1), li = 1 << (m - l);
  for (int i = 0; i < li; i++) {
    dcomplex w = u[li + i];
    if (is < 1) w.imag = -w.imag;
    for (int k = 0; k < lk; k++)
      for (int j = 0; j < ny; j++) {
        dcomplex a = x[i * lk + k][j], b = x[i * lk + half + k][j];
        double re = a.real - b.real, im = a.imag - b.imag;
        y[2 * i * lk + k][j].real = a.real + b.real;
        y[2 * i * lk + k][j].imag = a.imag + b.imag;
        y[2 * i * lk + lk + k][j].real = w.real * re - w.imag * im;
        y[2 * i * lk + lk + k][j].imag = w.real * im + w.imag * re;
      }
  }
}
"""
)
CPP_ROUTINES = {"bt": _BT_CPP, "cg": _CG_CPP, "ft": _FT_CPP}

_BT_FORTRAN = """
subroutine lhsinit(lhs, ni)
implicit none
integer ni, n, m, block, last
double precision lhs(5,5,3,0:ni)
do last = 0, 1
do block = 1, 3
do n = 1, 5
do m = 1, 5
lhs(m,n,block,last*ni) = 0.0d0
if (block .eq. 2 .and. m .eq. n) lhs(m,n,block,last*ni) = 1.0d0
end do
end do
end do
end do
end subroutine
subroutine matvec_sub(ablock, avec, bvec)
implicit none
double precision ablock(5,5), avec(5), bvec(5)
integer i, j
do i = 1, 5
do j = 1, 5
bvec(i) = bvec(i) - ablock(i,j)*avec(j)
end do
end do
end subroutine
subroutine matmul_sub(ablock, bblock, cblock)
implicit none
double precision ablock(5,5), bblock(5,5), cblock(5,5)
integer i, j, k
do j = 1, 5
do i = 1, 5
do k = 1, 5
cblock(i,j) = cblock(i,j) - ablock(i,k)*bblock(k,j)
end do
end do
end do
end subroutine
subroutine binvcrhs(lhs, c, r)
implicit none
double precision lhs(5,5), c(5,5), r(5), pivot, factor
integer i, j, p
do p = 1, 5
pivot = 1.0d0/lhs(p,p)
do j = p+1, 5
lhs(p,j) = lhs(p,j)*pivot
end do
do j = 1, 5
c(p,j) = c(p,j)*pivot
end do
r(p) = r(p)*pivot
do i = 1, 5
if (i .ne. p) then
factor = lhs(i,p)
do j = p+1, 5
lhs(i,j) = lhs(i,j) - factor*lhs(p,j)
end do
do j = 1, 5
c(i,j) = c(i,j) - factor*c(p,j)
end do
r(i) = r(i) - factor*r(p)
end if
end do
end do
end subroutine
subroutine binvrhs(lhs, r)
implicit none
double precision lhs(5,5), r(5), pivot, factor
integer i, j, p
do p = 1, 5
pivot = 1.0d0/lhs(p,p)
do j = p+1, 5
lhs(p,j) = lhs(p,j)*pivot
end do
r(p) = r(p)*pivot
do i = 1, 5
if (i .ne. p) then
factor = lhs(i,p)
do j = p+1, 5
lhs(i,j) = lhs(i,j) - factor*lhs(p,j)
end do
r(i) = r(i) - factor*r(p)
end if
end do
end do
end subroutine
"""
_SP_FORTRAN = """
subroutine lhsinit(ni, lhs, lhsp, lhsm)
implicit none
integer ni, m, last
double precision lhs(5,0:ni), lhsp(5,0:ni), lhsm(5,0:ni)
do last = 0, 1
do m = 1, 5
lhs(m,last*ni) = 0.0d0
lhsp(m,last*ni) = 0.0d0
lhsm(m,last*ni) = 0.0d0
end do
lhs(3,last*ni) = 1.0d0
lhsp(3,last*ni) = 1.0d0
lhsm(3,last*ni) = 1.0d0
end do
end subroutine
"""
_RANDOM_FORTRAN = """
double precision function randlc(x, a)
implicit none
double precision x, a
integer(8) modulus, state, factor, product
integer bit
modulus = 2_8**46
state = mod(int(x,8), modulus)
factor = mod(int(a,8), modulus)
product = 0
do bit = 0, 45
if (btest(factor, bit)) product = mod(product + state, modulus)
state = mod(state*2, modulus)
end do
x = dble(product)
randlc = dble(product)/dble(modulus)
end function
"""
_CG_FORTRAN = (
    _RANDOM_FORTRAN
    + """
integer function icnvrt(x, ipwr2)
implicit none
double precision x
integer ipwr2
icnvrt = int(ipwr2 * x)
end function
"""
)
_FT_FORTRAN = (
    _RANDOM_FORTRAN
    + """
subroutine fftz2(is, l, m, n, ny, ny1, u, x, y)
implicit none
integer is, l, m, n, ny, ny1, half, lk, li, i, j, k
double complex u(*), x(ny1,n), y(ny1,n), w, a, b
half = n/2
lk = 2**(l - 1)
li = 2**(m - l)
do i = 0, li - 1
w = u(li + i + 1)
if (is .lt. 1) w = conjg(w)
do k = 0, lk - 1
do j = 1, ny
a = x(j, i*lk + k + 1)
b = x(j, i*lk + half + k + 1)
y(j, 2*i*lk + k + 1) = a + b
y(j, 2*i*lk + lk + k + 1) = w*(a - b)
end do
end do
end do
end subroutine
"""
)
FORTRAN_ROUTINES = {"bt": _BT_FORTRAN, "sp": _SP_FORTRAN, "cg": _CG_FORTRAN, "ft": _FT_FORTRAN}
MODULE_ROUTINES = {
    "ft_data": """integer function ilog2(n)
implicit none
integer n, rest
ilog2 = 0
rest = n
do while (rest .gt. 1)
rest = rest/2
ilog2 = ilog2 + 1
end do
end function"""
}
"""Those that live in a benchmark's data module."""
