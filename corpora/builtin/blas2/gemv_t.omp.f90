! y := A^T x; row i of the matrix is the column a(:, i).
subroutine gemv_t(rows, cols, a, x, y)
  implicit none
  integer, intent(in) :: rows, cols
  real(4), intent(in) :: a(cols, rows), x(rows)
  real(4), intent(out) :: y(cols)
  integer :: i, j
  real(4) :: s
!$omp parallel do private(i, s) shared(a, x, y)
  do j = 1, cols
    s = 0.0
    do i = 1, rows
      s = s + a(j, i) * x(i)
    end do
    y(j) = s
  end do
!$omp end parallel do
end subroutine gemv_t
