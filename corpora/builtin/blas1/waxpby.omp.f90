! w := alpha * x + beta * y.
subroutine waxpby(n, alpha, x, beta, y, w)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: alpha, beta
  real(8), intent(in) :: x(n), y(n)
  real(8), intent(out) :: w(n)
  integer :: i
!$omp parallel
!$omp do schedule(static)
  do i = 1, n
    w(i) = alpha * x(i) + beta * y(i)
  end do
!$omp end do
!$omp end parallel
end subroutine waxpby
