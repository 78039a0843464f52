! Summed-area table: out[y][x] is the sum of all pixels in rows <= y and columns <= x.
subroutine integral_image(h, w, img, table)
  implicit none
  integer(4), intent(in) :: h, w
  integer(1), intent(in) :: img(w, h)
  integer(8), intent(out) :: table(w, h)
  integer(4) :: x, y
  integer(8) :: row

  do y = 1, h
    row = 0
    do x = 1, w
      row = row + iand(int(img(x, y), 8), 255_8)
      table(x, y) = row
      if (y > 1) table(x, y) = row + table(x, y - 1)
    end do
  end do
end subroutine integral_image
