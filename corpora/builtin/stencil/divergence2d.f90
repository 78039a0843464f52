! Divergence of the vector field (u, v) on a periodic grid with spacing h (not zero).
subroutine divergence2d(ny, nx, h, u, v, div)
  implicit none
  integer(4), intent(in) :: ny, nx
  real(4), intent(in) :: h
  real(4), intent(in) :: u(nx, ny), v(nx, ny)
  real(4), intent(out) :: div(nx, ny)
  integer(4) :: x, y, east, west, north, south
  real(4) :: scale

  scale = 0.5 / h
  do y = 1, ny
    north = modulo(y, ny) + 1
    south = modulo(y - 2, ny) + 1
    do x = 1, nx
      east = modulo(x, nx) + 1
      west = modulo(x - 2, nx) + 1
      div(x, y) = scale * (u(east, y) - u(west, y) + v(x, north) - v(x, south))
    end do
  end do
end subroutine divergence2d
