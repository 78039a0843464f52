! One lexicographic Gauss-Seidel sweep for the Poisson equation, in place; the frame stays.
subroutine gauss_seidel2d(n, m, h2, rhs, u)
  implicit none
  integer(4), intent(in) :: n, m
  real(8), intent(in) :: h2
  real(8), intent(in) :: rhs(m, n)
  real(8), intent(inout) :: u(m, n)
  integer(4) :: i, j

  do i = 2, n - 1
    do j = 2, m - 1
      u(j, i) = 0.25d0 * (u(j, i - 1) + u(j, i + 1) + u(j - 1, i) + u(j + 1, i) + h2 * rhs(j, i))
    end do
  end do
end subroutine gauss_seidel2d
