! Solves a tridiagonal system: lower a (a(1) unused), diagonal b and right side d (both overwritten), upper c (c(n) unused);
! the solution is x. The matrix should be diagonally dominant.
subroutine thomas(n, a, b, c, d, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a(n), c(n)
  real(8), intent(inout) :: b(n), d(n)
  real(8), intent(out) :: x(n)
  integer :: i
  real(8) :: w
  do i = 2, n
    w = a(i) / b(i - 1)
    b(i) = b(i) - w * c(i - 1)
    d(i) = d(i) - w * d(i - 1)
  end do
  x(n) = d(n) / b(n)
  do i = n - 1, 1, -1
    x(i) = (d(i) - c(i) * x(i + 1)) / b(i)
  end do
end subroutine thomas
