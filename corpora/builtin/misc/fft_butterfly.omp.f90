! One decimation-in-time stage in place: combines (i, i + half) in blocks of 2 * half; half >= 1; ragged ends stay.
subroutine fft_butterfly(n, half, re, im)
  implicit none
  integer(4), intent(in) :: n, half
  real(8), intent(inout) :: re(0:n - 1), im(0:n - 1)
  real(8), parameter :: pi = 3.14159265358979323846d0
  real(8) :: angle, c, s, tr, ti
  integer(4) :: i

  !$omp parallel do private(angle, c, s, tr, ti)
  do i = 0, n - 1
    if (mod(i / half, 2) /= 0 .or. i + half >= n) cycle
    angle = -pi * dble(mod(i, half)) / dble(half)
    c = cos(angle)
    s = sin(angle)
    tr = c * re(i + half) - s * im(i + half)
    ti = c * im(i + half) + s * re(i + half)
    re(i + half) = re(i) - tr
    im(i + half) = im(i) - ti
    re(i) = re(i) + tr
    im(i) = im(i) + ti
  end do
end subroutine fft_butterfly
