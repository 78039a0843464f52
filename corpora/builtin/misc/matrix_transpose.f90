! out (cols x rows) = transpose of in (rows x cols), both stored by rows.
subroutine matrix_transpose(rows, cols, in, out)
  implicit none
  integer(4), intent(in) :: rows, cols
  real(8), intent(in) :: in(cols, rows)
  real(8), intent(out) :: out(rows, cols)
  integer(4) :: r, c

  do c = 1, cols
    do r = 1, rows
      out(r, c) = in(c, r)
    end do
  end do
end subroutine matrix_transpose
