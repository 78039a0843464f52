! Returns the arithmetic mean of 8-bit samples, which are unsigned.
function mean(n, sample) result(m)
  implicit none
  integer, intent(in) :: n
  integer(1), intent(in) :: sample(n)
  real(8) :: m
  integer(8) :: total
  integer :: i
  total = 0_8
  do i = 1, n
    total = total + iand(int(sample(i), 8), 255_8)
  end do
  m = real(total, 8) / n
end function mean
