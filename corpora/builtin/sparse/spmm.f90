! C := A B, A is CSR with 0-based row_ptr and col; entry (i, j) of the dense matrices is (j, i) here.
subroutine spmm(m, n, k, nnz, row_ptr, col, val, b, c)
  implicit none
  integer, intent(in) :: m, n, k, nnz
  integer, intent(in) :: row_ptr(m + 1), col(nnz)
  real(8), intent(in) :: val(nnz), b(k, n)
  real(8), intent(out) :: c(k, m)
  integer :: i, e
  do i = 1, m
    c(:, i) = 0.0d0
    do e = row_ptr(i) + 1, row_ptr(i + 1)
      c(:, i) = c(:, i) + val(e) * b(:, col(e) + 1)
    end do
  end do
end subroutine spmm
