! Softmax of every row of a rows x cols matrix.
subroutine softmax_rows(rows, cols, x, y)
  implicit none
  integer(4), intent(in) :: rows, cols
  real(4), intent(in) :: x(cols, rows)
  real(4), intent(out) :: y(cols, rows)
  integer(4) :: r, c
  real(4) :: top, total

  !$omp parallel do private(c, top, total)
  do r = 1, rows
    top = x(1, r)
    do c = 2, cols
      if (x(c, r) > top) top = x(c, r)
    end do
    total = 0.0
    do c = 1, cols
      y(c, r) = exp(x(c, r) - top)
      total = total + y(c, r)
    end do
    do c = 1, cols
      y(c, r) = y(c, r) / total
    end do
  end do
end subroutine softmax_rows
