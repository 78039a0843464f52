! Occurrences (overlaps included) of a byte pattern of length m in a text of length n; marks their starts.
function pattern_count(n, m, text, pattern, start) result(found)
  implicit none
  integer(4), intent(in) :: n, m
  integer(1), intent(in) :: text(n), pattern(m)
  integer(4), intent(out) :: start(n)
  integer(4) :: found, i, k

  found = 0
  start = 0
  outer: do i = 1, min(n, n - m + 1)
    do k = 1, m
      if (text(i + k - 1) /= pattern(k)) cycle outer
    end do
    start(i) = 1
    found = found + 1
  end do outer
end function pattern_count
