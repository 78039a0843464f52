! y := y + A x for a matrix of nnz triplets; row(k) in [0, m), col(k) in [0, n); triplets may repeat.
subroutine spmv_coo(m, n, nnz, row, col, val, x, y)
  implicit none
  integer, intent(in) :: m, n, nnz
  integer, intent(in) :: row(nnz), col(nnz)
  real(8), intent(in) :: val(nnz), x(n)
  real(8), intent(inout) :: y(m)
  integer :: k
  do k = 1, nnz
    y(row(k) + 1) = y(row(k) + 1) + val(k) * x(col(k) + 1)
  end do
end subroutine spmv_coo
