! counts_fortran: no atomic
! expected: RACE
subroutine work(n, k, x, h)
  integer, intent(in) :: n, k
  integer, intent(in) :: x(n)
  integer, intent(inout) :: h(k)
  integer :: i
  !$omp parallel do
  do i = 1, n
    h(x(i)) = h(x(i)) + 1
  end do
end subroutine work
