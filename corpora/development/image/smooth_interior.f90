subroutine smooth_interior(a, b, n, m)
  implicit none
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, m)
  real(8), intent(inout) :: b(n, m)
  integer :: i, j
  do j = 2, m - 1
    do i = 2, n - 1
      b(i, j) = (a(i - 1, j) + a(i + 1, j) + a(i, j - 1) + a(i, j + 1) + 4.0d0 * a(i, j)) / 8.0d0
    end do
  end do
end subroutine smooth_interior
