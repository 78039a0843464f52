! Returns how many elements exceed the threshold.
function count_above(n, x, threshold) result(total)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  real(4), intent(in) :: threshold
  integer :: total
  integer :: i
  total = 0
  !$omp parallel do reduction(+:total)
  do i = 1, n
    if (x(i) > threshold) total = total + 1
  end do
  !$omp end parallel do
end function count_above
