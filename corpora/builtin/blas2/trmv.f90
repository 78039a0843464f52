! x := U x in place, U upper triangular, entry (i, j) is u(j, i); unit /= 0 means a unit diagonal.
subroutine trmv(n, unit, u, x)
  implicit none
  integer, intent(in) :: n, unit
  real(8), intent(in) :: u(n, n)
  real(8), intent(inout) :: x(n)
  integer :: i, j
  real(8) :: s
  do i = 1, n
    if (unit /= 0) then
      s = x(i)
    else
      s = u(i, i) * x(i)
    end if
    do j = i + 1, n
      s = s + u(j, i) * x(j)
    end do
    x(i) = s
  end do
end subroutine trmv
