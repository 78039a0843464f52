! `steps` explicit steps of the 2-D heat equation on rows x cols points; the frame keeps its values. old is scratch.
subroutine heat2d(rows, cols, steps, alpha, t, old)
  implicit none
  integer(4), intent(in) :: rows, cols, steps
  real(8), intent(in) :: alpha
  real(8), intent(inout) :: t(cols, rows), old(cols, rows)
  integer(4) :: i, j, s

  do s = 1, steps
    !$omp parallel do private(j)
    do i = 1, rows
      do j = 1, cols
        old(j, i) = t(j, i)
      end do
    end do
    !$omp end parallel do
    !$omp parallel do private(j)
    do i = 2, rows - 1
      do j = 2, cols - 1
        t(j, i) = old(j, i) + alpha * (old(j, i - 1) + old(j, i + 1) + old(j - 1, i) + old(j + 1, i) - 4.0d0 * old(j, i))
      end do
    end do
    !$omp end parallel do
  end do
end subroutine heat2d
