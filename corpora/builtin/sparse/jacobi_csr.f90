! One Jacobi sweep on a square CSR matrix (0-based row_ptr, col); rows without a nonzero diagonal keep x.
subroutine jacobi_csr(n, row_ptr, col, val, b, x, x_new)
  implicit none
  integer, intent(in) :: n
  integer, intent(in) :: row_ptr(n + 1), col(*)
  real(8), intent(in) :: val(*), b(n), x(*)
  real(8), intent(out) :: x_new(n)
  integer :: i, k
  real(8) :: diag, rest
  do i = 1, n
    diag = 0.0d0
    rest = b(i)
    do k = row_ptr(i) + 1, row_ptr(i + 1)
      if (col(k) + 1 == i) then
        diag = diag + val(k)
      else
        rest = rest - val(k) * x(col(k) + 1)
      end if
    end do
    if (diag /= 0.0d0) then
      x_new(i) = rest / diag
    else
      x_new(i) = x(i)
    end if
  end do
end subroutine jacobi_csr
