subroutine gray_from_planes(r, g, b, gray, nx, ny)
  integer, intent(in) :: nx, ny
  real, dimension(nx, ny), intent(in) :: r, g, b
  real, dimension(nx, ny), intent(out) :: gray
  gray = 0.299 * r + 0.587 * g + 0.114 * b
end subroutine gray_from_planes
