! out(i) = x(idx(i) + 1) over the largest |x| (over 1 when all are 0); an index outside [0, m) gives 0.
subroutine gather_normalised(n, m, idx, x, out)
  implicit none
  integer(4), intent(in) :: n, m
  integer(4), intent(in) :: idx(n)
  real(4), intent(in) :: x(m)
  real(4), intent(out) :: out(n)
  integer(4) :: i, j
  real(4) :: peak

  peak = 0.0
  !$omp parallel do reduction(max:peak)
  do j = 1, m
    if (abs(x(j)) > peak) peak = abs(x(j))
  end do
  if (peak == 0.0) peak = 1.0
  !$omp parallel do
  do i = 1, n
    out(i) = 0.0
    if (idx(i) >= 0 .and. idx(i) < m) out(i) = x(idx(i) + 1) / peak
  end do
end subroutine gather_normalised
