! Sampled dense product: out(e) := val(e) * (row i of U) . (row col(e) of V) for every entry e of a CSR pattern.
! Row i of U is u(:, i), row j of V is v(:, j); row_ptr and col are 0-based. Only entries of the pattern are written.
subroutine sddmm(m, k, row_ptr, col, val, u, v, out)
  implicit none
  integer, intent(in) :: m, k
  integer, intent(in) :: row_ptr(m + 1), col(*)
  real(4), intent(in) :: val(*), u(k, m), v(k, *)
  real(4), intent(inout) :: out(*)
  integer :: i, e, t
  real(4) :: s
  !$omp parallel do schedule(dynamic) private(e, t, s)
  do i = 1, m
    do e = row_ptr(i) + 1, row_ptr(i + 1)
      s = 0.0
      do t = 1, k
        s = s + u(t, i) * v(t, col(e) + 1)
      end do
      out(e) = val(e) * s
    end do
  end do
  !$omp end parallel do
end subroutine sddmm
