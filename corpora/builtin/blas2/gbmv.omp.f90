! y := A x for a square band matrix with kl sub- and ku super-diagonals; band(:, i) is row i, padded where it leaves the matrix; kl, ku >= 0.
subroutine gbmv(n, kl, ku, band, x, y)
  implicit none
  integer, intent(in) :: n, kl, ku
  real(8), intent(in) :: band(kl + ku + 1, n)
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: y(n)
  integer :: i, j, d
  real(8) :: s, xj
  !$omp parallel do default(shared) private(i, j, d, s, xj)
  do i = 1, n
    s = 0.0d0
    do d = 1, kl + ku + 1
      j = i + d - 1 - kl
      xj = 0.0d0
      if (j >= 1 .and. j <= n) xj = x(j)
      s = s + band(d, i) * xj
    end do
    y(i) = s
  end do
  !$omp end parallel do
end subroutine gbmv
