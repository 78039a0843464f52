! y := A x, ELLPACK: slot s of row i is (i, s). A negative 0-based column marks an empty slot.
subroutine spmv_ell(rows, cols, width, col, val, x, y)
  implicit none
  integer, intent(in) :: rows, cols, width
  integer, intent(in) :: col(rows, width)
  real(4), intent(in) :: val(rows, width), x(cols)
  real(4), intent(out) :: y(rows)
  integer :: i, s
  do i = 1, rows
    y(i) = 0.0
    do s = 1, width
      if (col(i, s) >= 0) y(i) = y(i) + val(i, s) * x(col(i, s) + 1)
    end do
  end do
end subroutine spmv_ell
