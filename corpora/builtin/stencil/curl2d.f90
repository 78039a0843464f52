! Vorticity dv/dx - du/dy in cell centres from velocities on the (n + 1) x (n + 1) corners.
subroutine curl2d(n, inv_h, u, v, curl)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: inv_h
  real(8), intent(in) :: u(n + 1, n + 1), v(n + 1, n + 1)
  real(8), intent(out) :: curl(n, n)
  integer(4) :: i, j
  real(8) :: dv, du

  do j = 1, n
    do i = 1, n
      dv = 0.5d0 * (v(i + 1, j) + v(i + 1, j + 1) - v(i, j) - v(i, j + 1))
      du = 0.5d0 * (u(i, j + 1) + u(i + 1, j + 1) - u(i, j) - u(i + 1, j))
      curl(i, j) = (dv - du) * inv_h
    end do
  end do
end subroutine curl2d
