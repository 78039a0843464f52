! Leapfrog step of the 2-D wave equation with reflecting walls; c2 = (c dt / dx)^2.
subroutine wave2d(nx, ny, c2, prev, cur, next)
  implicit none
  integer(4), intent(in) :: nx, ny
  real(4), intent(in) :: c2
  real(4), intent(in) :: prev(nx, ny), cur(nx, ny)
  real(4), intent(out) :: next(nx, ny)
  real(4) :: around
  integer(4) :: i, j

  !$omp parallel do private(i, around) schedule(static)
  do j = 1, ny
    do i = 1, nx
      around = cur(max(i - 1, 1), j) + cur(min(i + 1, nx), j) + cur(i, max(j - 1, 1)) + cur(i, min(j + 1, ny))
      next(i, j) = 2.0 * cur(i, j) - prev(i, j) + c2 * (around - 4.0 * cur(i, j))
    end do
  end do
end subroutine wave2d
