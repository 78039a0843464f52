! C := A B, A is CSR with 0-based row_ptr and col; entry (i, j) of the dense matrices is (j, i) here.
subroutine spmm(m, k, row_ptr, col, val, b, c)
  implicit none
  integer, intent(in) :: m, k
  integer, intent(in) :: row_ptr(m + 1), col(*)
  real(8), intent(in) :: val(*), b(k, *)
  real(8), intent(out) :: c(k, m)
  integer :: i, e
  do i = 1, m
    c(:, i) = 0.0d0
    do e = row_ptr(i) + 1, row_ptr(i + 1)
      c(:, i) = c(:, i) + val(e) * b(:, col(e) + 1)
    end do
  end do
end subroutine spmm
