! Median of the 3 x 3 window of a byte image; coordinates beyond the border are clamped.
subroutine median3x3(h, w, img, out)
  implicit none
  integer(4), intent(in) :: h, w
  integer(1), intent(in) :: img(w, h)
  integer(1), intent(out) :: out(w, h)
  integer(4) :: x, y, i, j, k, p, v(9)

  !$omp parallel do private(x, i, j, k, p, v) schedule(dynamic, 2)
  do y = 1, h
    do x = 1, w
      k = 0
      do j = y - 1, y + 1
        do i = x - 1, x + 1
          k = k + 1
          v(k) = iand(int(img(min(max(i, 1), w), min(max(j, 1), h))), 255)
        end do
      end do
      do k = 2, 9
        p = v(k)
        do j = k - 1, 1, -1
          if (v(j) <= p) exit
          v(j + 1) = v(j)
        end do
        v(j + 1) = p
      end do
      out(x, y) = int(v(5), 1)
    end do
  end do
end subroutine median3x3
