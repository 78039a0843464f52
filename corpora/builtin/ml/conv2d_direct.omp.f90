! Same-size convolution layer: in [ci][h][w], weight [co][ci][k][k], bias [co], out [co][h][w]; zero padding k / 2.
subroutine conv2d_direct(ci, co, h, w, k, in, weight, bias, out)
  implicit none
  integer(4), intent(in) :: ci, co, h, w, k
  real(4), intent(in) :: in(w, h, ci), weight(k, k, ci, co), bias(co)
  real(4), intent(out) :: out(w, h, co)
  integer(4) :: o, c, x, y, i, j, sx, sy
  real(4) :: acc

  !$omp parallel do collapse(2) private(x, c, i, j, sx, sy, acc)
  do o = 1, co
    do y = 1, h
      do x = 1, w
        acc = bias(o)
        do c = 1, ci
          do i = 1, k
            sy = y + i - 1 - k / 2
            if (sy < 1 .or. sy > h) cycle
            do j = 1, k
              sx = x + j - 1 - k / 2
              if (sx < 1 .or. sx > w) cycle
              acc = acc + weight(j, i, c, o) * in(sx, sy, c)
            end do
          end do
        end do
        out(x, y, o) = acc
      end do
    end do
  end do
end subroutine conv2d_direct
