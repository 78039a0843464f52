! Sums of consecutive segments; start is 0-based and ascends from 0 to n.
subroutine segmented_sum(segments, n, start, values, sums)
  implicit none
  integer, intent(in) :: segments, n
  integer, intent(in) :: start(segments + 1)
  real(8), intent(in) :: values(n)
  real(8), intent(out) :: sums(segments)
  integer :: s
  do s = 1, segments
    sums(s) = sum(values(start(s) + 1:start(s + 1)))
  end do
end subroutine segmented_sum
