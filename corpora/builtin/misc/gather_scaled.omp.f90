! out(i) = scale * x(idx(i) + 1); idx(i) in [0, m).
subroutine gather_scaled(n, m, scale, idx, x, out)
  implicit none
  integer(4), intent(in) :: n, m
  real(4), intent(in) :: scale
  integer(4), intent(in) :: idx(n)
  real(4), intent(in) :: x(m)
  real(4), intent(out) :: out(n)
  integer(4) :: i

  !$omp parallel do
  do i = 1, n
    out(i) = scale * x(idx(i) + 1)
  end do
end subroutine gather_scaled
