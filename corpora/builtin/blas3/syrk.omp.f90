! Lower triangle of C := alpha * A * A^T + beta * C; entry (i, j) of each row-major matrix is (j, i) here.
subroutine syrk(n, k, alpha, a, beta, c)
  implicit none
  integer, intent(in) :: n, k
  real(8), intent(in) :: alpha, beta
  real(8), intent(in) :: a(k, n)
  real(8), intent(inout) :: c(n, n)
  integer :: i, j, p
  real(8) :: s
  !$omp parallel do schedule(guided) private(j, p, s)
  do i = 1, n
    do j = 1, i
      s = 0.0d0
      do p = 1, k
        s = s + a(p, i) * a(p, j)
      end do
      c(j, i) = beta * c(j, i) + alpha * s
    end do
  end do
  !$omp end parallel do
end subroutine syrk
