! C := A B, A is CSR with 0-based row_ptr and col; entry (i, j) of the dense matrices is (j, i) here.
subroutine spmm(m, k, row_ptr, col, val, b, c)
  implicit none
  integer, intent(in) :: m, k
  integer, intent(in) :: row_ptr(m + 1), col(*)
  real(8), intent(in) :: val(*), b(k, *)
  real(8), intent(out) :: c(k, m)
  integer :: i, e, j
  !$omp parallel do private(e, j) schedule(guided)
  do i = 1, m
    do j = 1, k
      c(j, i) = 0.0d0
    end do
    do e = row_ptr(i) + 1, row_ptr(i + 1)
      do j = 1, k
        c(j, i) = c(j, i) + val(e) * b(j, col(e) + 1)
      end do
    end do
  end do
  !$omp end parallel do
end subroutine spmm
