! Index of the uniform-grid cell (cells per side, unit box) of each particle; outsiders go to the nearest cell.
subroutine cell_index(n, cells, x, y, z, cell)
  implicit none
  integer(4), intent(in) :: n, cells
  real(8), intent(in) :: x(n), y(n), z(n)
  integer(4), intent(out) :: cell(n)
  integer(4) :: i, d, c(3)
  real(8) :: s(3)

  do i = 1, n
    s(1) = x(i) * cells
    s(2) = y(i) * cells
    s(3) = z(i) * cells
    do d = 1, 3
      if (.not. (s(d) > 0.0d0)) s(d) = 0.0d0
      if (s(d) > cells - 1) s(d) = cells - 1
      c(d) = int(s(d))
    end do
    cell(i) = (c(3) * cells + c(2)) * cells + c(1)
  end do
end subroutine cell_index
