! B := L * B in place, L lower triangular; entry (i, j) of each row-major matrix is (j, i) here.
subroutine trmm(n, m, l, b)
  implicit none
  integer, intent(in) :: n, m
  real(4), intent(in) :: l(n, n)
  real(4), intent(inout) :: b(m, n)
  integer :: i, j, p
  real(4) :: s
  do i = n, 1, -1
    do j = 1, m
      s = 0.0
      do p = 1, i
        s = s + l(p, i) * b(j, p)
      end do
      b(j, i) = s
    end do
  end do
end subroutine trmm
