! y := L x, L lower triangular, packed row by row.
subroutine tpmv(n, packed, x, y)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: packed(n * (n + 1) / 2)
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: y(n)
  integer :: i, j, pos
  real(8) :: s
  pos = 0
  do i = 1, n
    s = 0.0d0
    do j = 1, i
      pos = pos + 1
      s = s + packed(pos) * x(j)
    end do
    y(i) = s
  end do
end subroutine tpmv
