! dot_fortran: a reduction in another order
! expected: EQUIVALENT
real(8) function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), y(n)
  real(8) :: s
  integer :: i
  s = 0.0d0
  !$omp parallel do reduction(+:s)
  do i = 1, n
    s = s + x(i) * y(i)
  end do
  work = s
end function work
