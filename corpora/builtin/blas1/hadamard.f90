! z := z + x .* y, elementwise.
subroutine hadamard(n, x, y, z)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n), y(n)
  real(4), intent(inout) :: z(n)
  integer :: i
  do i = 1, n
    z(i) = z(i) + x(i) * y(i)
  end do
end subroutine hadamard
