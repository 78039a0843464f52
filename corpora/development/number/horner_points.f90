subroutine horner_points(c, degree, x, y, n)
  implicit none
  integer, intent(in) :: degree, n
  real(8), intent(in) :: c(0:degree), x(n)
  real(8), intent(out) :: y(n)
  integer :: i, k
  do i = 1, n
    y(i) = c(degree)
    do k = degree - 1, 0, -1
      y(i) = y(i) * x(i) + c(k)
    end do
  end do
end subroutine horner_points
