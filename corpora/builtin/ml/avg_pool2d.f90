! Mean over p x p blocks: in is [c][oh * p][ow * p], out is [c][oh][ow]; p >= 1.
subroutine avg_pool2d(c, oh, ow, p, in, out)
  implicit none
  integer(4), intent(in) :: c, oh, ow, p
  real(8), intent(in) :: in(ow * p, oh * p, c)
  real(8), intent(out) :: out(ow, oh, c)
  integer(4) :: k, x, y, dx, dy
  real(8) :: total

  do k = 1, c
    do y = 1, oh
      do x = 1, ow
        total = 0.0d0
        do dy = 1, p
          do dx = 1, p
            total = total + in((x - 1) * p + dx, (y - 1) * p + dy, k)
          end do
        end do
        out(x, y, k) = total / dble(p * p)
      end do
    end do
  end do
end subroutine avg_pool2d
