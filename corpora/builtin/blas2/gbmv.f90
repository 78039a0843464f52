! y := A x for a square band matrix with kl sub- and ku super-diagonals; band(:, i) is row i; kl, ku >= 0.
subroutine gbmv(n, kl, ku, band, x, y)
  implicit none
  integer, intent(in) :: n, kl, ku
  real(8), intent(in) :: band(kl + ku + 1, n)
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: y(n)
  integer :: i, j
  real(8) :: s
  do i = 1, n
    s = 0.0d0
    do j = max(1, i - kl), min(n, i + ku)
      s = s + band(j - i + kl + 1, i) * x(j)
    end do
    y(i) = s
  end do
end subroutine gbmv
