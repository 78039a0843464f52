subroutine pack_nonzero(a, n, values, where_at, found)
  implicit none
  integer, intent(in) :: n
  real, intent(in) :: a(n)
  real, intent(inout) :: values(n)
  integer, intent(inout) :: where_at(n)
  integer, intent(out) :: found
  integer :: i
  found = 0
  do i = 1, n
    if (a(i) /= 0.0) then
      found = found + 1
      values(found) = a(i)
      where_at(found) = i
    end if
  end do
end subroutine pack_nonzero
