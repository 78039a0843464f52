subroutine row_extremes(a, nr, nc, low, high)
  implicit none
  integer, intent(in) :: nr, nc
  real, intent(in) :: a(nr, nc)
  real, intent(out) :: low(nr), high(nr)
  low = minval(a, dim=2)
  high = maxval(a, dim=2)
end subroutine row_extremes
