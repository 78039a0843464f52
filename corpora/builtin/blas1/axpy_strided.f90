! y(i*incy) += a * x(i*incx) for i in [0, n); incx, incy >= 1.
subroutine axpy_strided(n, a, x, incx, y, incy)
  implicit none
  integer, intent(in) :: n, incx, incy
  real(8), intent(in) :: a
  real(8), intent(in) :: x((n - 1) * incx + 1)
  real(8), intent(inout) :: y((n - 1) * incy + 1)
  integer :: i, ix, iy
  if (a == 0.0d0) return
  ix = 1
  iy = 1
  do i = 1, n
    y(iy) = y(iy) + a * x(ix)
    ix = ix + incx
    iy = iy + incy
  end do
end subroutine axpy_strided
