! sum_fortran
real(8) function work(n, x)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  integer :: i
  work = 0.0d0
  do i = 1, n
    work = work + x(i)
  end do
end function work
