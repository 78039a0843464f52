! Solves L x = b in place (b enters in x), L unit lower triangular, entry (i, j) is l(j, i).
subroutine trsv(n, l, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: l(n, n)
  real(8), intent(inout) :: x(n)
  integer :: i, j
  do j = 1, n
    do i = j + 1, n
      x(i) = x(i) - l(j, i) * x(j)
    end do
  end do
end subroutine trsv
