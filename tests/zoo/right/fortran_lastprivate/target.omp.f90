! squares_fortran: lastprivate
! expected: EQUIVALENT
real(8) function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  real(8) :: t
  integer :: i
  t = 0.0d0
  !$omp parallel do lastprivate(t)
  do i = 1, n
    t = x(i) * x(i)
    y(i) = t
  end do
  work = t
end function work
