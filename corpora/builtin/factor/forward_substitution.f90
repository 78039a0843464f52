! Solves L y = b, L lower triangular with nonzero diagonal; entry (i, j) is l(j, i).
subroutine forward_substitution(n, l, b, y)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: l(n, n), b(n)
  real(8), intent(out) :: y(n)
  integer :: i, j
  real(8) :: s
  do i = 1, n
    s = b(i)
    do j = 1, i - 1
      s = s - l(j, i) * y(j)
    end do
    y(i) = s / l(i, i)
  end do
end subroutine forward_substitution
