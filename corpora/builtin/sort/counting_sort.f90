! Stable counting sort; keys(i) in [0, k); count(k) ends as the exclusive start of the next key's range.
subroutine counting_sort(n, k, keys, count, sorted)
  implicit none
  integer(4), intent(in) :: n, k
  integer(4), intent(in) :: keys(n)
  integer(4), intent(out) :: count(k), sorted(n)
  integer(4) :: i, v, c, start

  count = 0
  do i = 1, n
    count(keys(i) + 1) = count(keys(i) + 1) + 1
  end do
  start = 0
  do v = 1, k
    c = count(v)
    count(v) = start
    start = start + c
  end do
  do i = 1, n
    v = keys(i) + 1
    count(v) = count(v) + 1
    sorted(count(v)) = keys(i)
  end do
end subroutine counting_sort
