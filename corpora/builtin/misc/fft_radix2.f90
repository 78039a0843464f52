! Radix-2 FFT in place of the first m points, m the largest power of two that is not above n.
subroutine fft_radix2(n, re, im)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(inout) :: re(0:n - 1), im(0:n - 1)
  real(8), parameter :: pi = 3.14159265358979323846d0
  real(8) :: c, s, tr, ti
  integer(4) :: m, levels, i, r, b, half, k, p, q

  if (n < 1) return
  m = 1
  levels = 0
  do while (2 * m <= n)
    m = 2 * m
    levels = levels + 1
  end do
  do i = 0, m - 1
    r = 0
    do b = 0, levels - 1
      if (btest(i, b)) r = ibset(r, levels - 1 - b)
    end do
    if (r <= i) cycle
    tr = re(i)
    re(i) = re(r)
    re(r) = tr
    tr = im(i)
    im(i) = im(r)
    im(r) = tr
  end do
  half = 1
  do while (half < m)
    do b = 0, m / 2 - 1
      k = mod(b, half)
      p = b / half * 2 * half + k
      q = p + half
      c = cos(pi * dble(k) / dble(half))
      s = -sin(pi * dble(k) / dble(half))
      tr = c * re(q) - s * im(q)
      ti = c * im(q) + s * re(q)
      re(q) = re(p) - tr
      im(q) = im(p) - ti
      re(p) = re(p) + tr
      im(p) = im(p) + ti
    end do
    half = 2 * half
  end do
end subroutine fft_radix2
