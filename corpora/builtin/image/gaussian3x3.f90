! Binomial 3 x 3 smoothing of a byte image, rounded; pixels beyond the border repeat the edge.
subroutine gaussian3x3(h, w, in, out)
  implicit none
  integer(4), intent(in) :: h, w
  integer(1), intent(in) :: in(w, h)
  integer(1), intent(out) :: out(w, h)
  integer(4) :: x, y, dx, dy, px, py, total

  do y = 1, h
    do x = 1, w
      total = 8
      do dy = -1, 1
        do dx = -1, 1
          px = min(max(x + dx, 1), w)
          py = min(max(y + dy, 1), h)
          total = total + (2 - abs(dx)) * (2 - abs(dy)) * iand(int(in(px, py)), 255)
        end do
      end do
      out(x, y) = int(total / 16, 1)
    end do
  end do
end subroutine gaussian3x3
