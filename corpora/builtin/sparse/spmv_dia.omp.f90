! y := A x for a square matrix of order n kept as diagonals: data(i, d) stands in row i, column i + offset(d).
! Places outside the matrix are skipped; offset(d) in (-n, n).
subroutine spmv_dia(n, ndiag, offset, data, x, y)
  implicit none
  integer, intent(in) :: n, ndiag
  integer, intent(in) :: offset(ndiag)
  real(8), intent(in) :: data(n, ndiag), x(n)
  real(8), intent(out) :: y(n)
  integer :: d, i, j
  real(8) :: s
!$omp parallel do private(d, j, s)
  do i = 1, n
    s = 0.0d0
    do d = 1, ndiag
      j = i + offset(d)
      if (j >= 1 .and. j <= n) s = s + data(i, d) * x(j)
    end do
    y(i) = s
  end do
!$omp end parallel do
end subroutine spmv_dia
