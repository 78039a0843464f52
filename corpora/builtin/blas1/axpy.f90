! y := a * x + y, single precision.
subroutine axpy(n, a, x, y)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: a
  real(4), intent(in) :: x(n)
  real(4), intent(inout) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = a * x(i) + y(i)
  end do
end subroutine axpy
