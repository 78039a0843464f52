! sum_fortran: partial sums are not added up
! expected: MISMATCH
real(8) function work(n, x)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8) :: s
  integer :: i
  s = 0.0d0
  !$omp parallel do reduction(max:s)
  do i = 1, n
    s = s + x(i)
  end do
  work = s
end function work
