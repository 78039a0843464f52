! Escape iteration of z -> z^2 + c on a w x h raster starting at (x_min, y_min) with spacing step.
subroutine mandelbrot(w, h, max_iter, x_min, y_min, step, iters)
  implicit none
  integer(4), intent(in) :: w, h, max_iter
  real(8), intent(in) :: x_min, y_min, step
  integer(4), intent(out) :: iters(w, h)
  integer(4) :: row, col, k
  real(8) :: cr, ci, zr, zi, t

  do row = 1, h
    do col = 1, w
      cr = x_min + dble(col - 1) * step
      ci = y_min + dble(row - 1) * step
      zr = 0.0d0
      zi = 0.0d0
      k = 0
      do while (k < max_iter)
        if (.not. (zr * zr + zi * zi <= 4.0d0)) exit
        t = zr * zr - zi * zi + cr
        zi = 2.0d0 * zr * zi + ci
        zr = t
        k = k + 1
      end do
      iters(col, row) = k
    end do
  end do
end subroutine mandelbrot
