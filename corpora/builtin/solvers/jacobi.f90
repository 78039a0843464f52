! Jacobi iteration for the Poisson equation with fixed boundary values; grid point (i, j) is u(j, i).
! `sweeps` times u := (sum of the four neighbours + h2 * f) / 4 in the interior, all from the old values. tmp is scratch.
subroutine jacobi(nx, ny, sweeps, h2, f, u, tmp)
  implicit none
  integer, intent(in) :: nx, ny, sweeps
  real(8), intent(in) :: h2
  real(8), intent(in) :: f(ny, nx)
  real(8), intent(inout) :: u(ny, nx), tmp(ny, nx)
  integer :: i, j, s
  do s = 1, sweeps
    tmp = u
    do i = 2, nx - 1
      do j = 2, ny - 1
        u(j, i) = 0.25d0 * (tmp(j, i - 1) + tmp(j, i + 1) + tmp(j - 1, i) + tmp(j + 1, i) + h2 * f(j, i))
      end do
    end do
  end do
end subroutine jacobi
