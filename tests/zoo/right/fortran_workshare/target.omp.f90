! reversed_fortran: array syntax in a workshare
! expected: EQUIVALENT
subroutine work(n, a, b, c)
  integer, intent(in) :: n
  real(8), intent(in) :: a(n)
  real(8), intent(inout) :: b(n), c(n)
  !$omp parallel workshare
  b = 2.0d0 * a
  c = b(n:1:-1) + 1.0d0
  !$omp end parallel workshare
end subroutine work
