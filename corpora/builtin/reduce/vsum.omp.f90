! Returns the sum of the elements.
function vsum(n, a) result(total)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: a(n)
  real(4) :: total
  integer :: i
  total = 0.0
  !$omp parallel do reduction(+:total)
  do i = 1, n
    total = total + a(i)
  end do
  !$omp end parallel do
end function vsum
