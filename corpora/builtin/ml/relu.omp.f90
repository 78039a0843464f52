! Rectified linear unit, in place.
subroutine relu(n, x)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(inout) :: x(n)
  integer(4) :: i

  !$omp parallel do
  do i = 1, n
    if (x(i) < 0.0) x(i) = 0.0
  end do
end subroutine relu
