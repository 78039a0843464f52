! Returns the 0-based index of the first smallest element (0 when n < 1).
function argmin(n, v) result(at)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: v(n)
  integer :: at
  integer :: i
  at = 1
  do i = 2, n
    if (v(i) < v(at)) at = i
  end do
  at = at - 1
end function argmin
