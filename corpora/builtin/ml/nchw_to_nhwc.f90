! Reorder a tensor from [n][c][h][w] to [n][h][w][c].
subroutine nchw_to_nhwc(n, c, h, w, src, dst)
  implicit none
  integer(4), intent(in) :: n, c, h, w
  real(4), intent(in) :: src(w, h, c, n)
  real(4), intent(out) :: dst(c, w, h, n)
  integer(4) :: b, k, x, y

  do b = 1, n
    do y = 1, h
      do x = 1, w
        do k = 1, c
          dst(k, x, y, b) = src(x, y, k, b)
        end do
      end do
    end do
  end do
end subroutine nchw_to_nhwc
