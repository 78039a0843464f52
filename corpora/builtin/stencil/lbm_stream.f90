! D2Q9 streaming by pulling from the upwind neighbour on a periodic ny x nx lattice; f is [9][ny][nx].
subroutine lbm_stream(ny, nx, f, f_out)
  implicit none
  integer(4), intent(in) :: ny, nx
  real(4), intent(in) :: f(nx, ny, 9)
  real(4), intent(out) :: f_out(nx, ny, 9)
  integer(4) :: cx(9), cy(9)
  integer(4) :: q, x, y, from_x, from_y

  cx = (/ 0, 1, 0, -1, 0, 1, -1, -1, 1 /)
  cy = (/ 0, 0, 1, 0, -1, 1, 1, -1, -1 /)
  do q = 1, 9
    do y = 1, ny
      from_y = modulo(y - 1 - cy(q), ny) + 1
      do x = 1, nx
        from_x = modulo(x - 1 - cx(q), nx) + 1
        f_out(x, y, q) = f(from_x, from_y, q)
      end do
    end do
  end do
end subroutine lbm_stream
