! Applies a plane rotation: (x, y) := (c x + s y, c y - s x).
subroutine rot(n, x, y, c, s)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n), y(n)
  real(8), intent(in) :: c, s
  real(8) :: xi, yi
  integer :: i
  !$omp parallel do private(xi, yi)
  do i = 1, n
    xi = x(i)
    yi = y(i)
    x(i) = c * xi + s * yi
    y(i) = c * yi - s * xi
  end do
  !$omp end parallel do
end subroutine rot
