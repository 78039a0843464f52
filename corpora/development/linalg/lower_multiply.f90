subroutine lower_multiply(n, l, x, y)
  implicit none
  integer, intent(in) :: n
  double precision, intent(in) :: l(n, n), x(n)
  double precision, intent(out) :: y(n)
  integer :: i, j
  do i = 1, n
    y(i) = 0.0d0
    do j = 1, i
      y(i) = y(i) + l(i, j) * x(j)
    end do
  end do
end subroutine lower_multiply
