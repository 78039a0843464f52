! y := A x for a CSC matrix with m rows and n columns; col_ptr ascends from 0, row(k) in [0, m).
subroutine spmv_csc(m, n, col_ptr, row, val, x, y)
  implicit none
  integer, intent(in) :: m, n
  integer, intent(in) :: col_ptr(n + 1), row(*)
  real(4), intent(in) :: val(*), x(n)
  real(4), intent(inout) :: y(*)
  integer :: j, k
  y(1:m) = 0.0
  do j = 1, n
    do k = col_ptr(j) + 1, col_ptr(j + 1)
      y(row(k) + 1) = y(row(k) + 1) + val(k) * x(j)
    end do
  end do
end subroutine spmv_csc
