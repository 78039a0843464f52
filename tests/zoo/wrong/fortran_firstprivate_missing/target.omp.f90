! scaled_fortran: private where firstprivate is meant
! expected: REFUSED
subroutine work(n, k, x, y)
  integer, intent(in) :: n, k
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  real(8) :: f
  integer :: i
  f = k * 0.5d0 + 1.0d0
  !$omp parallel do private(f)
  do i = 1, n
    y(i) = x(i) * f
  end do
end subroutine work
