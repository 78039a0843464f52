! Smallest and largest element.
subroutine minmax(n, v, lo, hi)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: v(n)
  integer(4), intent(out) :: lo(1), hi(1)
  lo(1) = minval(v)
  hi(1) = maxval(v)
end subroutine minmax
