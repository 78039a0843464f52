! Returns the arithmetic mean of integer samples, summed exactly.
function mean(n, sample) result(m)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: sample(n)
  real(8) :: m
  integer(8) :: total
  integer :: i
  total = 0_8
  do i = 1, n
    total = total + int(sample(i), 8)
  end do
  m = real(total, 8) / n
end function mean
