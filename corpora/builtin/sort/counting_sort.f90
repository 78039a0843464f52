! Stable counting sort of the keys inside [0, k), others are dropped; count(k) ends as each key's end; returns how many.
function counting_sort(n, k, keys, count, sorted) result(start)
  implicit none
  integer(4), intent(in) :: n, k
  integer(4), intent(in) :: keys(n)
  integer(4), intent(inout) :: count(k), sorted(n)
  integer(4) :: i, v, c, start

  count = 0
  do i = 1, n
    if (keys(i) < 0 .or. keys(i) >= k) cycle
    count(keys(i) + 1) = count(keys(i) + 1) + 1
  end do
  start = 0
  do v = 1, k
    c = count(v)
    count(v) = start
    start = start + c
  end do
  do i = 1, n
    if (keys(i) < 0 .or. keys(i) >= k) cycle
    v = keys(i) + 1
    count(v) = count(v) + 1
    sorted(count(v)) = keys(i)
  end do
end function counting_sort
