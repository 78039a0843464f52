subroutine wrap_positions(x, n, length)
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  real, intent(in) :: length
  integer :: i
  do i = 1, n
    if (x(i) >= length) x(i) = x(i) - length
    if (x(i) < 0.0) x(i) = x(i) + length
  end do
end subroutine wrap_positions
