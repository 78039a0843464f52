subroutine csr_apply(n, ptr, col, val, x, y)
  implicit none
  integer, intent(in) :: n
  integer, intent(in) :: ptr(*), col(*)
  real(8), intent(in) :: val(*), x(*)
  real(8), intent(out) :: y(n)
  integer :: i, k
  do i = 1, n
    y(i) = 0.0d0
    do k = ptr(i), ptr(i + 1) - 1
      y(i) = y(i) + val(k) * x(col(k))
    end do
  end do
end subroutine csr_apply
