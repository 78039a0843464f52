! One Jacobi sweep for the Laplace equation on a rows x cols grid; the frame is copied.
subroutine laplace2d(rows, cols, old_grid, new_grid)
  implicit none
  integer(4), intent(in) :: rows, cols
  real(8), intent(in) :: old_grid(cols, rows)
  real(8), intent(out) :: new_grid(cols, rows)
  integer(4) :: i, j

  !$omp parallel do collapse(2)
  do i = 1, rows
    do j = 1, cols
      if (i == 1 .or. j == 1 .or. i == rows .or. j == cols) then
        new_grid(j, i) = old_grid(j, i)
      else
        new_grid(j, i) = 0.25d0 * (old_grid(j, i - 1) + old_grid(j, i + 1) &
                                   + old_grid(j - 1, i) + old_grid(j + 1, i))
      end if
    end do
  end do
end subroutine laplace2d
