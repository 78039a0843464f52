! Exchanges the contents of x and y.
subroutine vswap(n, x, y)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n), y(n)
  real(8) :: t
  integer :: i
  do i = 1, n
    t = x(i)
    x(i) = y(i)
    y(i) = t
  end do
end subroutine vswap
