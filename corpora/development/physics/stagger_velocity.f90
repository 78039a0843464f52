subroutine stagger_velocity(p, u, v, nx, ny, dt, dx)
  implicit none
  integer, intent(in) :: nx, ny
  real, intent(in) :: p(0:nx+1, 0:ny+1), dt, dx
  real, intent(inout) :: u(nx, ny), v(nx, ny)
  integer :: i, j
  do j = 1, ny
    do i = 1, nx
      u(i, j) = u(i, j) - dt * (p(i + 1, j) - p(i, j)) / dx
      v(i, j) = v(i, j) - dt * (p(i, j + 1) - p(i, j)) / dx
    end do
  end do
end subroutine stagger_velocity
