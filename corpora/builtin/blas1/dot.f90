! Returns the inner product of x and y.
function dot(n, x, y) result(s)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), y(n)
  real(8) :: s
  integer :: i
  s = 0.0d0
  do i = 1, n
    s = s + x(i) * y(i)
  end do
end function dot
