function trapezoid_rule(x, f, n) result(area)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), f(n)
  real(8) :: area
  integer :: i
  area = 0.0d0
  do i = 1, n - 1
    area = area + 0.5d0 * (f(i) + f(i + 1)) * (x(i + 1) - x(i))
  end do
end function trapezoid_rule
