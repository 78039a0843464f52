! Same-size 2-D correlation with a kh x kw kernel centred at (kh / 2, kw / 2), edges replicated.
subroutine convolve2d(h, w, kh, kw, img, kernel, out)
  implicit none
  integer(4), intent(in) :: h, w, kh, kw
  real(8), intent(in) :: img(w, h), kernel(kw, kh)
  real(8), intent(out) :: out(w, h)
  integer(4) :: x, y, i, j, sx, sy
  real(8) :: acc

  !$omp parallel do collapse(2) private(i, j, sx, sy, acc)
  do y = 1, h
    do x = 1, w
      acc = 0.0d0
      do i = 1, kh
        sy = min(max(y + i - 1 - kh / 2, 1), h)
        do j = 1, kw
          sx = min(max(x + j - 1 - kw / 2, 1), w)
          acc = acc + kernel(j, i) * img(sx, sy)
        end do
      end do
      out(x, y) = acc
    end do
  end do
end subroutine convolve2d
