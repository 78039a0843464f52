! Five-point weighted smoothing of a line; indices beyond the ends are clamped.
subroutine smooth5_1d(n, in, out)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: in(n)
  real(4), intent(out) :: out(n)
  real(4) :: w(5), acc
  integer(4) :: i, j, k

  w = (/ 0.0625, 0.25, 0.375, 0.25, 0.0625 /)
  do i = 1, n
    acc = 0.0
    do k = -2, 2
      j = max(1, min(n, i + k))
      acc = acc + w(k + 3) * in(j)
    end do
    out(i) = acc
  end do
end subroutine smooth5_1d
