! Smallest and largest element; nothing is set when n < 1.
subroutine minmax(n, v, lo, hi)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: v(n)
  integer(4), intent(inout) :: lo(1), hi(1)
  if (n < 1) return
  lo(1) = minval(v)
  hi(1) = maxval(v)
end subroutine minmax
