! axpy_fortran: the loop stops one short
! expected: MISMATCH
subroutine work(n, a, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: a, x(n)
  real(8), intent(inout) :: y(n)
  integer :: i
  !$omp parallel do
  do i = 1, n - 1
    y(i) = y(i) + a * x(i)
  end do
end subroutine work
