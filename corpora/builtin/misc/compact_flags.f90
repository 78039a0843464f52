! Stream compaction: elements with a non-zero flag move to the front of out in order; returns how many.
function compact_flags(n, flag, in, out) result(kept)
  implicit none
  integer(4), intent(in) :: n
  integer(4), intent(in) :: flag(n)
  real(8), intent(in) :: in(n)
  real(8), intent(inout) :: out(n)
  integer(4) :: kept, i

  kept = 0
  do i = 1, n
    if (flag(i) /= 0) then
      kept = kept + 1
      out(kept) = in(i)
    end if
  end do
end function compact_flags
