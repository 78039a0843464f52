! Returns the 0-based index of the first smallest element (0 when n < 1).
function argmin(n, v) result(at)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: v(n)
  integer :: at
  integer :: i, mine
  at = 1
  !$omp parallel private(mine)
  mine = 1
  !$omp do
  do i = 2, n
    if (v(i) < v(mine)) mine = i
  end do
  !$omp end do
  !$omp critical
  if (v(mine) < v(at)) then
    at = mine
  else if (v(mine) == v(at) .and. mine < at) then
    at = mine
  end if
  !$omp end critical
  !$omp end parallel
  at = at - 1
end function argmin
