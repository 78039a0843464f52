! Returns the largest element, 0 when there is none.
function max_value(n, v) result(best)
  implicit none
  integer(8), intent(in) :: n
  real(8), intent(in) :: v(n)
  real(8) :: best
  integer(8) :: i
  best = 0.0d0
  if (n < 1) return
  best = v(1)
  do i = 2, n
    if (v(i) > best) best = v(i)
  end do
end function max_value
