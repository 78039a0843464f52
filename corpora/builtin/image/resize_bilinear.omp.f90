! Bilinear resize of a float image (h x w to oh x ow), pixel centres aligned, edges clamped.
subroutine resize_bilinear(h, w, oh, ow, src, dst)
  implicit none
  integer(4), intent(in) :: h, w, oh, ow
  real(4), intent(in) :: src(w, h)
  real(4), intent(out) :: dst(ow, oh)
  integer(4) :: x, y, x0, x1, y0, y1
  real(4) :: fx, fy, ax, ay, top, bottom

  !$omp parallel do private(x, x0, x1, y0, y1, fx, fy, ax, ay, top, bottom)
  do y = 1, oh
    fy = (real(y - 1) + 0.5) * real(h) / real(oh) - 0.5
    fy = min(max(fy, 0.0), real(h) - 1.0)
    y0 = int(fy)
    y1 = min(y0 + 1, h - 1)
    ay = fy - real(y0)
    do x = 1, ow
      fx = (real(x - 1) + 0.5) * real(w) / real(ow) - 0.5
      fx = min(max(fx, 0.0), real(w) - 1.0)
      x0 = int(fx)
      x1 = min(x0 + 1, w - 1)
      ax = fx - real(x0)
      top = (1.0 - ax) * src(x0 + 1, y0 + 1) + ax * src(x1 + 1, y0 + 1)
      bottom = (1.0 - ax) * src(x0 + 1, y1 + 1) + ax * src(x1 + 1, y1 + 1)
      dst(x, y) = (1.0 - ay) * top + ay * bottom
    end do
  end do
end subroutine resize_bilinear
