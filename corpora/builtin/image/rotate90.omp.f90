! Rotate a rows x cols byte image by 90 degrees clockwise; the result is cols x rows.
subroutine rotate90(rows, cols, in, out)
  implicit none
  integer(4), intent(in) :: rows, cols
  integer(1), intent(in) :: in(cols, rows)
  integer(1), intent(out) :: out(rows, cols)
  integer(4) :: r, c

  !$omp parallel do collapse(2)
  do r = 1, rows
    do c = 1, cols
      out(rows + 1 - r, c) = in(c, r)
    end do
  end do
end subroutine rotate90
