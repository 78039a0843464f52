! Returns how many elements exceed the threshold.
function count_above(n, x, threshold) result(total)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  real(4), intent(in) :: threshold
  integer :: total
  total = count(x > threshold)
end function count_above
