! x := a * x, double precision.
subroutine scal(n, a, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a
  real(8), intent(inout) :: x(n)
  integer :: k
!$omp parallel do simd
  do k = 1, n
    x(k) = a * x(k)
  end do
!$omp end parallel do simd
end subroutine scal
