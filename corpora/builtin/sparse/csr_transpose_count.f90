! Entries per column, the first step of a transposition; 0-based columns outside [0, n) are ignored.
subroutine csr_transpose_count(n, nnz, col, count)
  implicit none
  integer, intent(in) :: n, nnz
  integer, intent(in) :: col(nnz)
  integer, intent(out) :: count(n)
  integer :: k, j
  count(:) = 0
  do k = 1, nnz
    j = col(k)
    if (j >= 0 .and. j < n) count(j + 1) = count(j + 1) + 1
  end do
end subroutine csr_transpose_count
