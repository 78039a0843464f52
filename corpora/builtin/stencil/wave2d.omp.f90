! Leapfrog step of the 2-D wave equation; c2 = (c dt / dx)^2; the frame is clamped to zero.
subroutine wave2d(nx, ny, c2, prev, cur, next)
  implicit none
  integer(4), intent(in) :: nx, ny
  real(4), intent(in) :: c2
  real(4), intent(in) :: prev(nx, ny), cur(nx, ny)
  real(4), intent(out) :: next(nx, ny)
  real(4) :: lap
  integer(4) :: i, j

  !$omp parallel do private(i, lap) schedule(static)
  do j = 1, ny
    do i = 1, nx
      if (i == 1 .or. i == nx .or. j == 1 .or. j == ny) then
        next(i, j) = 0.0
      else
        lap = cur(i - 1, j) + cur(i + 1, j) + cur(i, j - 1) + cur(i, j + 1) - 4.0 * cur(i, j)
        next(i, j) = 2.0 * cur(i, j) - prev(i, j) + c2 * lap
      end if
    end do
  end do
end subroutine wave2d
