! 256-bin histogram of a byte image; bins(256) is overwritten.
subroutine image_histogram(n, pixels, bins)
  implicit none
  integer(4), intent(in) :: n
  integer(1), intent(in) :: pixels(n)
  integer(4), intent(out) :: bins(256)
  integer(4) :: i, b

  bins = 0
  do i = 1, n
    b = iand(int(pixels(i)), 255) + 1
    bins(b) = bins(b) + 1
  end do
end subroutine image_histogram
