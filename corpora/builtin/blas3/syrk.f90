! Lower triangle of C := alpha * A * A^T + beta * C; entry (i, j) of each row-major matrix is (j, i) here.
subroutine syrk(n, k, alpha, a, beta, c)
  implicit none
  integer, intent(in) :: n, k
  real(8), intent(in) :: alpha, beta
  real(8), intent(in) :: a(k, n)
  real(8), intent(inout) :: c(n, n)
  integer :: i, j
  do i = 1, n
    do j = 1, i
      c(j, i) = beta * c(j, i) + alpha * sum(a(:, i) * a(:, j))
    end do
  end do
end subroutine syrk
