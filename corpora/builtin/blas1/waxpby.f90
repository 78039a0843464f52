! w := alpha * x + beta * y.
subroutine waxpby(n, alpha, x, beta, y, w)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: alpha, beta
  real(8), intent(in) :: x(n), y(n)
  real(8), intent(out) :: w(n)
  w = alpha * x + beta * y
end subroutine waxpby
