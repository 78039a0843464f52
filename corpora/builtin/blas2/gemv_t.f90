! y := A^T x; row i of the matrix is the column a(:, i).
subroutine gemv_t(rows, cols, a, x, y)
  implicit none
  integer, intent(in) :: rows, cols
  real(4), intent(in) :: a(cols, rows), x(rows)
  real(4), intent(out) :: y(cols)
  integer :: i
  y = 0.0
  do i = 1, rows
    y(:) = y(:) + a(:, i) * x(i)
  end do
end subroutine gemv_t
