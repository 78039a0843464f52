! table(idx(i) + 1) += value(i) for every idx(i) inside [0, m); others are skipped.
subroutine scatter_add(n, m, idx, value, table)
  implicit none
  integer(4), intent(in) :: n, m
  integer(4), intent(in) :: idx(n)
  real(8), intent(in) :: value(n)
  real(8), intent(inout) :: table(m)
  integer(4) :: i

  do i = 1, n
    if (idx(i) < 0 .or. idx(i) >= m) cycle
    table(idx(i) + 1) = table(idx(i) + 1) + value(i)
  end do
end subroutine scatter_add
