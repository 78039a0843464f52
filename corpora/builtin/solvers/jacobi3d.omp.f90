! `sweeps` Jacobi sweeps of the 3-D Poisson equation: u := (six neighbours - h2 * f) / 6 inside, the faces stay. next is scratch.
subroutine jacobi3d(nx, ny, nz, sweeps, h2, f, u, next)
  implicit none
  integer(4), intent(in) :: nx, ny, nz, sweeps
  real(4), intent(in) :: h2
  real(4), intent(in) :: f(nx, ny, nz)
  real(4), intent(inout) :: u(nx, ny, nz), next(nx, ny, nz)
  integer(4) :: x, y, z, s
  real(4) :: around

  do s = 1, sweeps
    !$omp parallel do private(x, y, around)
    do z = 2, nz - 1
      do y = 2, ny - 1
        do x = 2, nx - 1
          around = u(x - 1, y, z) + u(x + 1, y, z) + u(x, y - 1, z) + u(x, y + 1, z) + u(x, y, z - 1) + u(x, y, z + 1)
          next(x, y, z) = (around - h2 * f(x, y, z)) / 6.0
        end do
      end do
    end do
    !$omp end parallel do
    !$omp parallel do private(x, y)
    do z = 2, nz - 1
      do y = 2, ny - 1
        do x = 2, nx - 1
          u(x, y, z) = next(x, y, z)
        end do
      end do
    end do
    !$omp end parallel do
  end do
end subroutine jacobi3d
