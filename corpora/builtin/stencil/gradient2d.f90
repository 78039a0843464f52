! Gradient by central differences, one-sided at the edges, zero where an axis has one point.
subroutine gradient2d(ny, nx, h, f, gx, gy)
  implicit none
  integer(4), intent(in) :: ny, nx
  real(8), intent(in) :: h
  real(8), intent(in) :: f(nx, ny)
  real(8), intent(out) :: gx(nx, ny), gy(nx, ny)
  integer(4) :: i, j, i0, i1, j0, j1

  do j = 1, ny
    j0 = max(j - 1, 1)
    j1 = min(j + 1, ny)
    do i = 1, nx
      i0 = max(i - 1, 1)
      i1 = min(i + 1, nx)
      gx(i, j) = 0.0d0
      gy(i, j) = 0.0d0
      if (i1 > i0) gx(i, j) = (f(i1, j) - f(i0, j)) / (dble(i1 - i0) * h)
      if (j1 > j0) gy(i, j) = (f(i, j1) - f(i, j0)) / (dble(j1 - j0) * h)
    end do
  end do
end subroutine gradient2d
