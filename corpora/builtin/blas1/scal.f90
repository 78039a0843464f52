! x := a * x, double precision.
subroutine scal(n, a, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a
  real(8), intent(inout) :: x(n)
  x(1:n) = a * x(1:n)
end subroutine scal
