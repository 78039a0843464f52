! y := A x for a CSR matrix with m rows; row_ptr and col are 0-based, row_ptr ascends from 0.
subroutine spmv(m, row_ptr, col, val, x, y)
  implicit none
  integer, intent(in) :: m
  integer, intent(in) :: row_ptr(m + 1), col(*)
  real(8), intent(in) :: val(*), x(*)
  real(8), intent(out) :: y(m)
  integer :: i, k
  real(8) :: s
  do i = 1, m
    s = 0.0d0
    do k = row_ptr(i) + 1, row_ptr(i + 1)
      s = s + val(k) * x(col(k) + 1)
    end do
    y(i) = s
  end do
end subroutine spmv
