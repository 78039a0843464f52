! Solves U x = y, U upper triangular with nonzero diagonal; entry (i, j) is u(j, i); single precision.
subroutine backward_substitution(n, u, y, x)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: u(n, n), y(n)
  real(4), intent(out) :: x(n)
  integer :: i, j
  real(4) :: s
  do i = n, 1, -1
    s = y(i)
    do j = i + 1, n
      s = s - u(j, i) * x(j)
    end do
    x(i) = s / u(i, i)
  end do
end subroutine backward_substitution
