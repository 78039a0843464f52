! Running totals: out(i) = in(1) + ... + in(i).
subroutine inclusive_scan(n, in, out)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: in(n)
  integer(8), intent(out) :: out(n)
  integer(8) :: s
  integer :: i
  s = 0_8
  do i = 1, n
    s = s + int(in(i), 8)
    out(i) = s
  end do
end subroutine inclusive_scan
