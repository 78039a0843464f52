! Returns sum(w * x) / sum(w), or 0 when the weights add up to zero.
function weighted_mean(n, x, w) result(m)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), w(n)
  real(8) :: m, num, den
  integer :: i
  num = 0.0d0
  den = 0.0d0
  do i = 1, n
    num = num + w(i) * x(i)
    den = den + w(i)
  end do
  m = 0.0d0
  if (den /= 0.0d0) m = num / den
end function weighted_mean
