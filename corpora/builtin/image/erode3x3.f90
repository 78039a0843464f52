! Grey-level erosion: minimum over the 3 x 3 window cut at the border.
subroutine erode3x3(rows, cols, in, out)
  implicit none
  integer(4), intent(in) :: rows, cols
  integer(1), intent(in) :: in(cols, rows)
  integer(1), intent(out) :: out(cols, rows)
  integer(4) :: r, c, i, j, low

  do r = 1, rows
    do c = 1, cols
      low = 255
      do i = max(r - 1, 1), min(r + 1, rows)
        do j = max(c - 1, 1), min(c + 1, cols)
          low = min(low, iand(int(in(j, i)), 255))
        end do
      end do
      out(c, r) = int(low, 1)
    end do
  end do
end subroutine erode3x3
