! Mean over the (2 r + 1)^2 window cut at the image border; radius r >= 0.
subroutine box_blur(h, w, r, src, dst)
  implicit none
  integer(4), intent(in) :: h, w, r
  real(4), intent(in) :: src(w, h)
  real(4), intent(out) :: dst(w, h)
  integer(4) :: x, y, u, v, x0, x1, y0, y1
  real(4) :: total

  do y = 1, h
    y0 = max(y - r, 1)
    y1 = min(y + r, h)
    do x = 1, w
      x0 = max(x - r, 1)
      x1 = min(x + r, w)
      total = 0.0
      do v = y0, y1
        do u = x0, x1
          total = total + src(u, v)
        end do
      end do
      dst(x, y) = total / real((y1 - y0 + 1) * (x1 - x0 + 1), 4)
    end do
  end do
end subroutine box_blur
