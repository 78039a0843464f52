! Grey-level dilation with the plus-shaped window of five pixels, cut at the border.
subroutine dilate_cross(h, w, src, dst)
  implicit none
  integer(4), intent(in) :: h, w
  integer(1), intent(in) :: src(w, h)
  integer(1), intent(out) :: dst(w, h)
  integer(4) :: x, y, best

  do y = 1, h
    do x = 1, w
      best = iand(int(src(x, y)), 255)
      if (y > 1) best = max(best, iand(int(src(x, y - 1)), 255))
      if (y < h) best = max(best, iand(int(src(x, y + 1)), 255))
      if (x > 1) best = max(best, iand(int(src(x - 1, y)), 255))
      if (x < w) best = max(best, iand(int(src(x + 1, y)), 255))
      dst(x, y) = int(best, 1)
    end do
  end do
end subroutine dilate_cross
