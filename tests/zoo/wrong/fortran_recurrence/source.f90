! smoothed_fortran
subroutine work(n, x)
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n)
  integer :: i
  do i = 2, n
    x(i) = 0.5d0 * (x(i) + x(i - 1))
  end do
end subroutine work
