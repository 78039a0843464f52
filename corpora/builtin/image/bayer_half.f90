! Half-size RGB from an RGGB mosaic: one output pixel per 2 x 2 cell, the two greens averaged.
subroutine bayer_half(rows, cols, raw, rgb)
  implicit none
  integer(4), intent(in) :: rows, cols
  integer(1), intent(in) :: raw(2 * cols, 2 * rows)
  integer(1), intent(out) :: rgb(3, cols, rows)
  integer(4) :: r, c, g1, g2

  do r = 1, rows
    do c = 1, cols
      g1 = iand(int(raw(2 * c, 2 * r - 1)), 255)
      g2 = iand(int(raw(2 * c - 1, 2 * r)), 255)
      rgb(1, c, r) = raw(2 * c - 1, 2 * r - 1)
      rgb(2, c, r) = int((g1 + g2) / 2, 1)
      rgb(3, c, r) = raw(2 * c, 2 * r)
    end do
  end do
end subroutine bayer_half
