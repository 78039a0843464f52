subroutine cross_correlate(a, b, r, n, lags)
  implicit none
  integer, intent(in) :: n, lags
  real, intent(in) :: a(n), b(n)
  real, intent(out) :: r(0:lags)
  integer :: l, i
  do l = 0, lags
    r(l) = 0.0
    do i = 1, n - l
      r(l) = r(l) + a(i) * b(i + l)
    end do
  end do
end subroutine cross_correlate
