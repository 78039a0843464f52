! C_b := A_b * B_b for independent n x n matrices; entry (i, j) of matrix k is (j, i, k) here.
subroutine gemm_batched(batch, n, a, b, c)
  implicit none
  integer, intent(in) :: batch, n
  real(8), intent(in) :: a(n, n, batch), b(n, n, batch)
  real(8), intent(out) :: c(n, n, batch)
  integer :: k, i, j, p
  real(8) :: acc
  !$omp parallel do collapse(3) private(k, i, j, p, acc)
  do k = 1, batch
    do i = 1, n
      do j = 1, n
        acc = 0.0d0
        do p = 1, n
          acc = acc + a(p, i, k) * b(j, p, k)
        end do
        c(j, i, k) = acc
      end do
    end do
  end do
  !$omp end parallel do
end subroutine gemm_batched
