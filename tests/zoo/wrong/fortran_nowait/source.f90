! reversed_fortran
subroutine work(n, a, b, c)
  integer, intent(in) :: n
  real(8), intent(in) :: a(n)
  real(8), intent(inout) :: b(n), c(n)
  integer :: i
  do i = 1, n
    b(i) = 2.0d0 * a(i)
  end do
  do i = 1, n
    c(i) = b(n + 1 - i) + 1.0d0
  end do
end subroutine work
