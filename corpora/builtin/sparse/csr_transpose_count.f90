! Entries per column of a CSR matrix, the first step of a transposition; col(k) in [0, n).
subroutine csr_transpose_count(n, nnz, col, count)
  implicit none
  integer, intent(in) :: n, nnz
  integer, intent(in) :: col(nnz)
  integer, intent(out) :: count(n)
  integer :: k, j
  count(:) = 0
  do k = 1, nnz
    j = col(k) + 1
    count(j) = count(j) + 1
  end do
end subroutine csr_transpose_count
