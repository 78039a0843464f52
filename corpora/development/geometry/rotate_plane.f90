subroutine rotate_plane(xy, n, angle, cx, cy)
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: xy(2, n)
  real, intent(in) :: angle, cx, cy
  integer :: i
  real :: c, s, dx, dy
  c = cos(angle)
  s = sin(angle)
  do i = 1, n
    dx = xy(1, i) - cx
    dy = xy(2, i) - cy
    xy(1, i) = cx + c * dx - s * dy
    xy(2, i) = cy + s * dx + c * dy
  end do
end subroutine rotate_plane
