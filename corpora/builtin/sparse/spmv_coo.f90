! y := y + A x for a matrix of nnz triplets; row(k) and col(k) are 0-based; triplets may repeat.
subroutine spmv_coo(nnz, row, col, val, x, y)
  implicit none
  integer, intent(in) :: nnz
  integer, intent(in) :: row(nnz), col(nnz)
  real(8), intent(in) :: val(nnz), x(*)
  real(8), intent(inout) :: y(*)
  integer :: k
  do k = 1, nnz
    y(row(k) + 1) = y(row(k) + 1) + val(k) * x(col(k) + 1)
  end do
end subroutine spmv_coo
