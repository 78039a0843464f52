! differences
subroutine work(n, x, d)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: d(n)
  integer :: i
  do i = 2, n
    d(i) = x(i) - x(i - 1)
  end do
end subroutine work
