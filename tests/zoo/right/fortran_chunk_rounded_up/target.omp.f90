! scaled_fortran: cut by hand, rounded up
! expected: EQUIVALENT
subroutine work(n, k, x, y)
  use omp_lib
  integer, intent(in) :: n, k
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(n)
  real(8) :: f
  integer :: i, chunk, first
  f = k * 0.5d0 + 1.0d0
  !$omp parallel private(chunk, first, i)
  chunk = (n + omp_get_num_threads() - 1) / omp_get_num_threads()
  first = omp_get_thread_num() * chunk
  do i = first + 1, min(n, first + chunk)
    y(i) = x(i) * f
  end do
  !$omp end parallel
end subroutine work
