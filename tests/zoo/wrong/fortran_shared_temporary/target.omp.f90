! axpy_fortran: the temporary is shared
! expected: RACE
subroutine work(n, a, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: a, x(n)
  real(8), intent(inout) :: y(n)
  real(8) :: t
  integer :: i
  !$omp parallel do shared(t)
  do i = 1, n
    t = a * x(i)
    y(i) = y(i) + t
  end do
end subroutine work
