! Unfold [c][h][w] into columns [c * k * k][h * w] for a k x k filter with zero padding k / 2.
subroutine im2col(c, h, w, k, img, col)
  implicit none
  integer(4), intent(in) :: c, h, w, k
  real(4), intent(in) :: img(w, h, c)
  real(4), intent(out) :: col(w, h, k, k, c)
  integer(4) :: ch, i, j, x, y, sx, sy

  col = 0.0
  do ch = 1, c
    do i = 1, k
      do j = 1, k
        do y = 1, h
          sy = y + i - 1 - k / 2
          if (sy < 1 .or. sy > h) cycle
          do x = 1, w
            sx = x + j - 1 - k / 2
            if (sx >= 1 .and. sx <= w) col(x, y, j, i, ch) = img(sx, sy, ch)
          end do
        end do
      end do
    end do
  end do
end subroutine im2col
