! Upper triangle of C := C + A B^T + B A^T; entry (i, j) of each row-major matrix is (j, i) here.
subroutine syr2k(n, k, a, b, c)
  implicit none
  integer, intent(in) :: n, k
  real(4), intent(in) :: a(k, n), b(k, n)
  real(4), intent(inout) :: c(n, n)
  integer :: i, j, l
  real(4) :: s
  do i = 1, n
    do j = i, n
      s = 0.0
      do l = 1, k
        s = s + a(l, i) * b(l, j)
        s = s + b(l, i) * a(l, j)
      end do
      c(j, i) = c(j, i) + s
    end do
  end do
end subroutine syr2k
