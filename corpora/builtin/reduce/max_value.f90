! Returns the largest element.
function max_value(n, v) result(best)
  implicit none
  integer(8), intent(in) :: n
  real(8), intent(in) :: v(n)
  real(8) :: best
  integer(8) :: i
  best = v(1)
  do i = 2, n
    if (v(i) > best) best = v(i)
  end do
end function max_value
