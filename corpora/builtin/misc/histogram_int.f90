! Histogram of integers over [lo, lo + bins * width); values outside are not counted; bins, width >= 1.
subroutine histogram_int(n, lo, width, bins, x, hist)
  implicit none
  integer(4), intent(in) :: n, lo, width, bins
  integer(4), intent(in) :: x(n)
  integer(4), intent(out) :: hist(bins)
  integer(4) :: i, b
  integer(8) :: offset

  hist = 0
  do i = 1, n
    offset = int(x(i), 8) - int(lo, 8)
    if (offset < 0 .or. offset / width >= bins) cycle
    b = int(offset / width) + 1
    hist(b) = hist(b) + 1
  end do
end subroutine histogram_int
