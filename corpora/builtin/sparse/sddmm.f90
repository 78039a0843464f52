! Sampled dense product on nnz places: out(e) := val(e) * (row row(e) of U) . (row col(e) of V).
! Row i of U is u(:, i), row j of V is v(:, j); row and col are 0-based.
subroutine sddmm(nnz, k, row, col, val, u, v, out)
  implicit none
  integer, intent(in) :: nnz, k
  integer, intent(in) :: row(nnz), col(nnz)
  real(4), intent(in) :: val(nnz), u(k, *), v(k, *)
  real(4), intent(out) :: out(nnz)
  integer :: e
  do e = 1, nnz
    out(e) = val(e) * dot_product(u(:, row(e) + 1), v(:, col(e) + 1))
  end do
end subroutine sddmm
