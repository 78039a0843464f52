! One decimation-in-time stage: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends are copied.
subroutine fft_butterfly(n, half, re, im, out_re, out_im)
  implicit none
  integer(4), intent(in) :: n, half
  real(8), intent(in) :: re(0:n - 1), im(0:n - 1)
  real(8), intent(out) :: out_re(0:n - 1), out_im(0:n - 1)
  real(8), parameter :: pi = 3.14159265358979323846d0
  real(8) :: angle, c, s, tr, ti
  integer(4) :: i, o

  !$omp parallel do private(angle, c, s, tr, ti, o)
  do i = 0, n - 1
    if (mod(i / half, 2) /= 0) cycle
    o = i + half
    if (o >= n) then
      out_re(i) = re(i)
      out_im(i) = im(i)
      cycle
    end if
    angle = -pi * dble(mod(i, half)) / dble(half)
    c = cos(angle)
    s = sin(angle)
    tr = c * re(o) - s * im(o)
    ti = c * im(o) + s * re(o)
    out_re(i) = re(i) + tr
    out_im(i) = im(i) + ti
    out_re(o) = re(i) - tr
    out_im(o) = im(i) - ti
  end do
end subroutine fft_butterfly
