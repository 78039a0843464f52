! For every query the 0-based index of the first table entry that is not smaller (n when none); table ascending.
subroutine binary_search_batch(n, q, table, query, pos)
  implicit none
  integer(4), intent(in) :: n, q
  integer(4), intent(in) :: table(n), query(q)
  integer(4), intent(out) :: pos(q)
  integer(4) :: i, lo, hi, mid

  do i = 1, q
    lo = 0
    hi = n
    do while (lo < hi)
      mid = lo + (hi - lo) / 2
      if (table(mid + 1) < query(i)) then
        lo = mid + 1
      else
        hi = mid
      end if
    end do
    pos(i) = lo
  end do
end subroutine binary_search_batch
