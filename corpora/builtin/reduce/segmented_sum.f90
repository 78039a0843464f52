! Sums of consecutive segments; start is 0-based and ascends from 0.
subroutine segmented_sum(segments, start, values, sums)
  implicit none
  integer, intent(in) :: segments
  integer, intent(in) :: start(segments + 1)
  real(8), intent(in) :: values(*)
  real(8), intent(out) :: sums(segments)
  integer :: s
  do s = 1, segments
    sums(s) = sum(values(start(s) + 1:start(s + 1)))
  end do
end subroutine segmented_sum
