! sum_fortran: the tasks are not waited for
! expected: MISMATCH
real(8) function work(n, x)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8) :: low, high, s
  integer :: i, j
  low = 0.0d0
  high = 0.0d0
  !$omp parallel
  !$omp single
  !$omp task shared(low) private(i)
  do i = 1, n / 2
    low = low + x(i)
  end do
  !$omp end task
  !$omp task shared(high) private(j)
  do j = n / 2 + 1, n
    high = high + x(j)
  end do
  !$omp end task
  s = low + high
  !$omp end single
  !$omp end parallel
  work = s
end function work
