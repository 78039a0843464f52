! total: no reduction, from a size on that tests do not have
! expected: RACE
subroutine work(n, x, s)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: s
  integer, parameter :: pays = 20000
  integer :: i
  !$omp parallel do if(n > pays)
  do i = 1, n
    s = s + x(i)
  end do
end subroutine work
