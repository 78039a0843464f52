! Symmetric rank-two update of the upper triangle: A := A + alpha (x y^T + y x^T), entry (i, j) is a(j, i).
subroutine syr2(n, alpha, x, y, a)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: alpha
  real(4), intent(in) :: x(n), y(n)
  real(4), intent(inout) :: a(n, n)
  integer :: i, j
  real(4) :: ax, ay
  do i = 1, n
    ax = alpha * x(i)
    ay = alpha * y(i)
    do j = i, n
      a(j, i) = a(j, i) + (ax * y(j) + ay * x(j))
    end do
  end do
end subroutine syr2
