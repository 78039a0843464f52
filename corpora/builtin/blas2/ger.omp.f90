! Rank-one update A := A + alpha * x * y^T; row i of the matrix is the column a(:, i).
subroutine ger(m, n, alpha, x, y, a)
  implicit none
  integer, intent(in) :: m, n
  real(4), intent(in) :: alpha
  real(4), intent(in) :: x(m), y(n)
  real(4), intent(inout) :: a(n, m)
  integer :: i, j
  !$omp parallel do collapse(2)
  do i = 1, m
    do j = 1, n
      a(j, i) = a(j, i) + alpha * x(i) * y(j)
    end do
  end do
  !$omp end parallel do
end subroutine ger
