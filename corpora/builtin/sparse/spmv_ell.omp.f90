! y := A x, ELLPACK: slot s of row i is (i, s). Unused slots hold the value 0 and any column; columns are 0-based.
subroutine spmv_ell(rows, width, col, val, x, y)
  implicit none
  integer, intent(in) :: rows, width
  integer, intent(in) :: col(rows, width)
  real(4), intent(in) :: val(rows, width), x(*)
  real(4), intent(out) :: y(rows)
  integer :: i, s
  !$omp parallel do private(s)
  do i = 1, rows
    y(i) = 0.0
    do s = 1, width
      y(i) = y(i) + val(i, s) * x(col(i, s) + 1)
    end do
  end do
  !$omp end parallel do
end subroutine spmv_ell
