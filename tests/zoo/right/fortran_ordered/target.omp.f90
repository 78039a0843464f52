! packed_fortran: ordered
! expected: EQUIVALENT
integer function work(n, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  integer :: i, k
  k = 0
  !$omp parallel do ordered schedule(static, 4)
  do i = 1, n
    !$omp ordered
    if (x(i) > 0.0d0) then
      k = k + 1
      y(k) = x(i)
    end if
    !$omp end ordered
  end do
  work = k
end function work
