! Starting offsets of n groups: offset(1) = 0, offset(i+1) = offset(i) + count(i); offset has n + 1 elements.
subroutine exclusive_scan(n, count, offset)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: count(n)
  integer(8), intent(out) :: offset(n + 1)
  integer :: i
  offset(1) = 0_8
  do i = 1, n
    offset(i + 1) = offset(i) + count(i)
  end do
end subroutine exclusive_scan
