real(8) function polygon_area(x, y, n)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), y(n)
  integer :: i, j
  polygon_area = 0
  do i = 1, n
    j = mod(i, n) + 1
    polygon_area = polygon_area + x(i) * y(j) - x(j) * y(i)
  end do
  polygon_area = 0.5d0 * abs(polygon_area)
end function polygon_area
