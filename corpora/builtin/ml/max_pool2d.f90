! 2 x 2 maximum pooling, stride 2, of [channels][h][w]; the last window of an odd side is cut.
subroutine max_pool2d(channels, h, w, in, out)
  implicit none
  integer(4), intent(in) :: channels, h, w
  real(4), intent(in) :: in(w, h, channels)
  real(4), intent(out) :: out((w + 1) / 2, (h + 1) / 2, channels)
  integer(4) :: c, x, y, i, j
  real(4) :: best

  do c = 1, channels
    do y = 1, (h + 1) / 2
      do x = 1, (w + 1) / 2
        best = in(2 * x - 1, 2 * y - 1, c)
        do j = 2 * y - 1, min(2 * y, h)
          do i = 2 * x - 1, min(2 * x, w)
            if (in(i, j, c) > best) best = in(i, j, c)
          end do
        end do
        out(x, y, c) = best
      end do
    end do
  end do
end subroutine max_pool2d
