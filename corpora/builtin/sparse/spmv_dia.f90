! y := (A + sigma I) x for a square matrix kept as diagonals: data(i, d) stands in row i, column i + offset(d).
! Places outside the matrix count as x = 0; offset(d) in (-n, n).
subroutine spmv_dia(n, ndiag, sigma, offset, data, x, y)
  implicit none
  integer, intent(in) :: n, ndiag
  real(8), intent(in) :: sigma
  integer, intent(in) :: offset(ndiag)
  real(8), intent(in) :: data(n, ndiag), x(n)
  real(8), intent(out) :: y(n)
  integer :: d, i, j
  real(8) :: xj
  y = sigma * x
  do d = 1, ndiag
    do i = 1, n
      j = i + offset(d)
      xj = 0.0d0
      if (j >= 1 .and. j <= n) xj = x(j)
      y(i) = y(i) + data(i, d) * xj
    end do
  end do
end subroutine spmv_dia
