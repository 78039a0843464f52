! Diffusion with a conductivity per cell; face conductivities are means; no flux through the frame.
subroutine diffuse_var2d(ny, nx, dt, k, u, out)
  implicit none
  integer(4), intent(in) :: ny, nx
  real(4), intent(in) :: dt
  real(4), intent(in) :: k(nx, ny), u(nx, ny)
  real(4), intent(out) :: out(nx, ny)
  integer(4) :: x, y
  real(4) :: flux

  !$omp parallel do private(x, flux)
  do y = 1, ny
    do x = 1, nx
      flux = 0.0
      if (x > 1) flux = flux + 0.5 * (k(x, y) + k(x - 1, y)) * (u(x - 1, y) - u(x, y))
      if (x < nx) flux = flux + 0.5 * (k(x, y) + k(x + 1, y)) * (u(x + 1, y) - u(x, y))
      if (y > 1) flux = flux + 0.5 * (k(x, y) + k(x, y - 1)) * (u(x, y - 1) - u(x, y))
      if (y < ny) flux = flux + 0.5 * (k(x, y) + k(x, y + 1)) * (u(x, y + 1) - u(x, y))
      out(x, y) = u(x, y) + dt * flux
    end do
  end do
end subroutine diffuse_var2d
