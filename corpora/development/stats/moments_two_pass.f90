subroutine moments_two_pass(x, n, mean, var)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: mean, var
  mean = 0.0d0
  var = 0.0d0
  if (n < 2) return
  mean = sum(x) / n
  var = sum((x - mean)**2) / (n - 1)
end subroutine moments_two_pass
