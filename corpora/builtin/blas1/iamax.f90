! Returns the 0-based index of the first element of largest magnitude (0 when n < 1).
function iamax(n, x) result(best)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  integer :: best
  real(4) :: big
  integer :: i
  best = 0
  if (n < 1) return
  big = abs(x(1))
  do i = 2, n
    if (abs(x(i)) > big) then
      big = abs(x(i))
      best = i - 1
    end if
  end do
end function iamax
