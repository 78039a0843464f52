! table = base with value(i) added at idx(i) + 1; indices outside [0, m) are skipped.
subroutine scatter_add(n, m, idx, value, base, table)
  implicit none
  integer(4), intent(in) :: n, m
  integer(4), intent(in) :: idx(n)
  real(8), intent(in) :: value(n), base(m)
  real(8), intent(out) :: table(m)
  integer(4) :: i, j

  do j = 1, m
    table(j) = base(j)
  end do
  do i = 1, n
    if (idx(i) < 0 .or. idx(i) >= m) cycle
    table(idx(i) + 1) = table(idx(i) + 1) + value(i)
  end do
end subroutine scatter_add
