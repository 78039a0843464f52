! Merge two ascending integer sequences; equal elements of a come first.
subroutine merge_sorted(n, m, a, b, out)
  implicit none
  integer(4), intent(in) :: n, m
  integer(4), intent(in) :: a(n), b(m)
  integer(4), intent(out) :: out(n + m)
  integer(4) :: i, j, k
  logical :: from_b

  i = 1
  j = 1
  do k = 1, n + m
    from_b = i > n
    if (i <= n .and. j <= m) from_b = b(j) < a(i)
    if (from_b) then
      out(k) = b(j)
      j = j + 1
    else
      out(k) = a(i)
      i = i + 1
    end if
  end do
end subroutine merge_sorted
