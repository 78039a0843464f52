! Returns the 0-based index of the first element of largest magnitude (0 when n < 1).
function iamax(n, x) result(best)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  integer :: best
  real(4) :: big, mine
  integer :: i, at
  best = 0
  if (n < 1) return
  big = abs(x(1))
  !$omp parallel private(i, mine, at)
  mine = abs(x(1))
  at = 0
  !$omp do
  do i = 2, n
    if (abs(x(i)) > mine) then
      mine = abs(x(i))
      at = i - 1
    end if
  end do
  !$omp end do
  !$omp critical
  if (mine > big .or. (mine == big .and. at < best)) then
    big = mine
    best = at
  end if
  !$omp end critical
  !$omp end parallel
end function iamax
