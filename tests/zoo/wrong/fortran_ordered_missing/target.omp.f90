! packed_fortran: no race, but no order either
! expected: MISMATCH
integer function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  integer :: i, k
  k = 0
  !$omp parallel do
  do i = 1, n
    if (x(i) > 0.0d0) then
      !$omp critical
      k = k + 1
      y(k) = x(i)
      !$omp end critical
    end if
  end do
  work = k
end function work
