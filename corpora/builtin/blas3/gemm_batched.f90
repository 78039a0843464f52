! C_b := A_b * B_b for independent n x n matrices; the storage is transposed, so the factors change places.
subroutine gemm_batched(batch, n, a, b, c)
  implicit none
  integer, intent(in) :: batch, n
  real(8), intent(in) :: a(n, n, batch), b(n, n, batch)
  real(8), intent(out) :: c(n, n, batch)
  integer :: k
  do k = 1, batch
    c(:, :, k) = matmul(b(:, :, k), a(:, :, k))
  end do
end subroutine gemm_batched
