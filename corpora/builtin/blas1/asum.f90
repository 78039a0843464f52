! Returns the sum of absolute values of every incx-th element; incx >= 1.
function asum(n, x, incx) result(s)
  implicit none
  integer, intent(in) :: n, incx
  real(8), intent(in) :: x((n - 1) * incx + 1)
  real(8) :: s
  integer :: i
  s = 0.0d0
  do i = 1, n
    s = s + abs(x((i - 1) * incx + 1))
  end do
end function asum
