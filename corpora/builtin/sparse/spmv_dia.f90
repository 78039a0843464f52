! y := A x for a square matrix of order n kept as diagonals: data(i, d) stands in row i, column i + offset(d).
! Places outside the matrix are skipped; offset(d) in (-n, n).
subroutine spmv_dia(n, ndiag, offset, data, x, y)
  implicit none
  integer, intent(in) :: n, ndiag
  integer, intent(in) :: offset(ndiag)
  real(8), intent(in) :: data(n, ndiag), x(n)
  real(8), intent(out) :: y(n)
  integer :: d, i, k
  y = 0.0d0
  do d = 1, ndiag
    k = offset(d)
    do i = max(1, 1 - k), min(n, n - k)
      y(i) = y(i) + data(i, d) * x(i + k)
    end do
  end do
end subroutine spmv_dia
