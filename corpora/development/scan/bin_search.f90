integer function bin_search(table, n, key) result(at)
  implicit none
  integer, intent(in) :: n, table(n), key
  integer :: lo, hi, mid
  at = 0
  lo = 1
  hi = n
  do while (lo <= hi)
    mid = (lo + hi) / 2
    if (table(mid) == key) then
      at = mid
      return
    else if (table(mid) < key) then
      lo = mid + 1
    else
      hi = mid - 1
    end if
  end do
end function bin_search
