! C := alpha * A * B + beta * C; entry (i, j) of each row-major matrix is (j, i) here.
subroutine gemm(m, n, k, alpha, a, b, beta, c)
  implicit none
  integer, intent(in) :: m, n, k
  real(4), intent(in) :: alpha, beta
  real(4), intent(in) :: a(k, m), b(n, k)
  real(4), intent(inout) :: c(n, m)
  integer :: i, j, p
  real(4) :: s
  !$omp parallel do collapse(2) private(p, s)
  do i = 1, m
    do j = 1, n
      s = 0.0
      do p = 1, k
        s = s + a(p, i) * b(j, p)
      end do
      c(j, i) = alpha * s + beta * c(j, i)
    end do
  end do
  !$omp end parallel do
end subroutine gemm
