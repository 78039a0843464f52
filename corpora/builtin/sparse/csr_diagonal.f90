! Extracts the diagonal of a square CSR matrix (0-based row_ptr, col); missing entries give 0, repeated ones are added.
subroutine csr_diagonal(n, row_ptr, col, val, diag)
  implicit none
  integer, intent(in) :: n
  integer, intent(in) :: row_ptr(n + 1), col(*)
  real(8), intent(in) :: val(*)
  real(8), intent(out) :: diag(n)
  integer :: i, k
  diag = 0.0d0
  do i = 1, n
    do k = row_ptr(i) + 1, row_ptr(i + 1)
      if (col(k) == i - 1) diag(i) = diag(i) + val(k)
    end do
  end do
end subroutine csr_diagonal
