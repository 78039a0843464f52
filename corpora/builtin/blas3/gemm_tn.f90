! C := A^T * B; entry (i, j) of each row-major matrix is (j, i) here.
subroutine gemm_tn(m, n, k, a, b, c)
  implicit none
  integer, intent(in) :: m, n, k
  real(8), intent(in) :: a(m, k), b(n, k)
  real(8), intent(out) :: c(n, m)
  integer :: i, p
  c = 0.0d0
  do p = 1, k
    do i = 1, m
      c(1:n, i) = c(1:n, i) + a(i, p) * b(1:n, p)
    end do
  end do
end subroutine gemm_tn
