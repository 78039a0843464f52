! Mean of the 3 x 3 neighbourhood for interior points; the frame is copied.
subroutine box9_2d(h, w, src, dst)
  implicit none
  integer(4), intent(in) :: h, w
  real(4), intent(in) :: src(w, h)
  real(4), intent(out) :: dst(w, h)
  integer(4) :: x, y, dx, dy
  real(4) :: s

  dst = src
  do y = 2, h - 1
    do x = 2, w - 1
      s = 0.0
      do dy = -1, 1
        do dx = -1, 1
          s = s + src(x + dx, y + dy)
        end do
      end do
      dst(x, y) = s / 9.0
    end do
  end do
end subroutine box9_2d
