! packed_fortran
integer function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  integer :: i, k
  k = 0
  do i = 1, n
    if (x(i) > 0.0d0) then
      k = k + 1
      y(k) = x(i)
    end if
  end do
  work = k
end function work
