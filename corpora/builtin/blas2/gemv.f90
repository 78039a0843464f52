! y := alpha * A * x + beta * y; row i of the matrix is the column a(:, i).
subroutine gemv(m, n, alpha, a, x, beta, y)
  implicit none
  integer, intent(in) :: m, n
  real(8), intent(in) :: alpha, beta
  real(8), intent(in) :: a(n, m)
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(m)
  integer :: i, j
  real(8) :: s
  do i = 1, m
    s = 0.0d0
    do j = 1, n
      s = s + a(j, i) * x(j)
    end do
    y(i) = alpha * s + beta * y(i)
  end do
end subroutine gemv
