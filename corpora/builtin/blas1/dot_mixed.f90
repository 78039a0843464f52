! Inner product of single-precision vectors, accumulated in double precision, plus an offset.
function dot_mixed(n, offset, x, y) result(r)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: offset
  real(4), intent(in) :: x(n), y(n)
  real(4) :: r
  real(8) :: acc
  integer :: k
  acc = real(offset, 8)
  do k = 1, n
    acc = acc + real(x(k), 8) * real(y(k), 8)
  end do
  r = real(acc, 4)
end function dot_mixed
