subroutine prefix_inclusive(a, n)
  implicit none
  integer, intent(in) :: n
  integer(8), intent(inout) :: a(n)
  integer :: i
  do i = 2, n
    a(i) = a(i) + a(i - 1)
  end do
end subroutine prefix_inclusive
