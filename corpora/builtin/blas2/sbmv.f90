! y := A x for a symmetric band matrix with k super-diagonals, k >= 0.
! band(:, i) holds the diagonal of row i and the k entries to its right.
subroutine sbmv(n, k, band, x, y)
  implicit none
  integer, intent(in) :: n, k
  real(4), intent(in) :: band(k + 1, n), x(n)
  real(4), intent(out) :: y(n)
  integer :: i, d
  y(:) = 0.0
  do i = 1, n
    y(i) = y(i) + band(1, i) * x(i)
    do d = 1, min(k, n - i)
      y(i) = y(i) + band(d + 1, i) * x(i + d)
      y(i + d) = y(i + d) + band(d + 1, i) * x(i)
    end do
  end do
end subroutine sbmv
