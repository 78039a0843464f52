! Returns the population variance of single-precision data, two passes in double precision.
function variance(n, x) result(var)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  real(8) :: var, mu
  integer :: i
  mu = 0.0d0
  do i = 1, n
    mu = mu + real(x(i), 8)
  end do
  mu = mu / n
  var = 0.0d0
  do i = 1, n
    var = var + (real(x(i), 8) - mu)**2
  end do
  var = var / n
end function variance
