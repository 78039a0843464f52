subroutine relu_leak_fields(a, nx, ny, slope)
  implicit none
  integer, intent(in) :: nx, ny
  real, intent(in) :: slope
  real, intent(inout) :: a(nx, ny)
  integer :: i, j
  do j = 1, ny
    do i = 1, nx
      if (a(i, j) < 0.0) a(i, j) = slope * a(i, j)
    end do
  end do
end subroutine relu_leak_fields
