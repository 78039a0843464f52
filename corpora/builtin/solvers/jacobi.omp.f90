! Jacobi iteration for the Poisson equation, zero outside the grid; grid point (i, j) is u(j, i). `sweeps` times
! u := (sum of the four neighbours + h2 * f) / 4 at every point, all from the old values. tmp is scratch.
subroutine jacobi(nx, ny, sweeps, h2, f, u, tmp)
  implicit none
  integer, intent(in) :: nx, ny, sweeps
  real(8), intent(in) :: h2
  real(8), intent(in) :: f(ny, nx)
  real(8), intent(inout) :: u(ny, nx), tmp(ny, nx)
  real(8) :: around
  integer :: i, j, s
  do s = 1, sweeps
    !$omp parallel private(i, j, around)
    !$omp do
    do i = 1, nx
      do j = 1, ny
        tmp(j, i) = u(j, i)
      end do
    end do
    !$omp end do
    !$omp do
    do i = 1, nx
      do j = 1, ny
        around = 0.0d0
        if (i > 1) around = around + tmp(j, i - 1)
        if (i < nx) around = around + tmp(j, i + 1)
        if (j > 1) around = around + tmp(j - 1, i)
        if (j < ny) around = around + tmp(j + 1, i)
        u(j, i) = 0.25d0 * (around + h2 * f(j, i))
      end do
    end do
    !$omp end do
    !$omp end parallel
  end do
end subroutine jacobi
