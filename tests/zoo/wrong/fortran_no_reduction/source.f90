! dot_fortran
real(8) function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), y(n)
  integer :: i
  work = 0.0d0
  do i = 1, n
    work = work + x(i) * y(i)
  end do
end function work
