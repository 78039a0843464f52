! Sobel gradient magnitude of a float image; the one-pixel frame is zero.
subroutine sobel(height, width, img, mag)
  implicit none
  integer(4), intent(in) :: height, width
  real(4), intent(in) :: img(width, height)
  real(4), intent(out) :: mag(width, height)
  integer(4) :: x, y
  real(4) :: gx, gy

  do y = 1, height
    do x = 1, width
      mag(x, y) = 0.0
      if (x > 1 .and. y > 1 .and. x < width .and. y < height) then
        gx = img(x + 1, y - 1) - img(x - 1, y - 1) + 2.0 * (img(x + 1, y) - img(x - 1, y)) &
             + img(x + 1, y + 1) - img(x - 1, y + 1)
        gy = img(x - 1, y + 1) + 2.0 * img(x, y + 1) + img(x + 1, y + 1) &
             - img(x - 1, y - 1) - 2.0 * img(x, y - 1) - img(x + 1, y - 1)
        mag(x, y) = sqrt(gx * gx + gy * gy)
      end if
    end do
  end do
end subroutine sobel
