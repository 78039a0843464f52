! D2Q9 BGK collision in place on n cells; f is [9][n]; the density of every cell is not zero.
subroutine lbm_collide(n, omega, f)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: omega
  real(8), intent(inout) :: f(n, 9)
  real(8) :: weight(9), cx(9), cy(9), rho, ux, uy, uu, cu, eq
  integer(4) :: c, q

  weight(1) = 4.0d0 / 9.0d0
  weight(2:5) = 1.0d0 / 9.0d0
  weight(6:9) = 1.0d0 / 36.0d0
  cx = (/ 0.0d0, 1.0d0, 0.0d0, -1.0d0, 0.0d0, 1.0d0, -1.0d0, -1.0d0, 1.0d0 /)
  cy = (/ 0.0d0, 0.0d0, 1.0d0, 0.0d0, -1.0d0, 1.0d0, 1.0d0, -1.0d0, -1.0d0 /)
  do c = 1, n
    rho = 0.0d0
    ux = 0.0d0
    uy = 0.0d0
    do q = 1, 9
      rho = rho + f(c, q)
      ux = ux + cx(q) * f(c, q)
      uy = uy + cy(q) * f(c, q)
    end do
    ux = ux / rho
    uy = uy / rho
    uu = 1.5d0 * (ux * ux + uy * uy)
    do q = 1, 9
      cu = 3.0d0 * (cx(q) * ux + cy(q) * uy)
      eq = weight(q) * rho * (1.0d0 + cu + 0.5d0 * cu * cu - uu)
      f(c, q) = f(c, q) + omega * (eq - f(c, q))
    end do
  end do
end subroutine lbm_collide
