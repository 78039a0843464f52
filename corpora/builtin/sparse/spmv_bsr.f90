! y := A x for a block CSR matrix; entry (r, c) of block k is val(c, r, k); row_ptr and col are 0-based.
subroutine spmv_bsr(mb, bs, row_ptr, col, val, x, y)
  implicit none
  integer, intent(in) :: mb, bs
  integer, intent(in) :: row_ptr(mb + 1), col(*)
  real(8), intent(in) :: val(bs, bs, *), x(bs, *)
  real(8), intent(out) :: y(bs, mb)
  integer :: ib, k, r, c
  do ib = 1, mb
    y(:, ib) = 0.0d0
    do k = row_ptr(ib) + 1, row_ptr(ib + 1)
      do r = 1, bs
        do c = 1, bs
          y(r, ib) = y(r, ib) + val(c, r, k) * x(c, col(k) + 1)
        end do
      end do
    end do
  end do
end subroutine spmv_bsr
