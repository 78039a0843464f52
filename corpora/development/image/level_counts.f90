subroutine level_counts(img, n, counts, levels)
  implicit none
  integer, intent(in) :: n, levels
  integer, intent(in) :: img(n)
  integer, intent(inout) :: counts(0:levels-1)
  integer :: i, v
  do i = 1, n
    v = img(i)
    if (v < 0) v = 0
    if (v >= levels) v = levels - 1
    counts(v) = counts(v) + 1
  end do
end subroutine level_counts
