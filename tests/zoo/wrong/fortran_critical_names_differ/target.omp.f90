! sum_fortran: two locks for one variable
! expected: RACE
real(8) function work(n, x)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8) :: s
  integer :: i
  s = 0.0d0
  !$omp parallel do
  do i = 1, n
    if (mod(i, 2) == 0) then
      !$omp critical (even)
      s = s + x(i)
      !$omp end critical (even)
    else
      !$omp critical (odd)
      s = s + x(i)
      !$omp end critical (odd)
    end if
  end do
  work = s
end function work
