! One explicit step of the 1-D heat equation; both ends are kept.
subroutine heat1d(n, alpha, u, u_new)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: alpha
  real(8), intent(in) :: u(n)
  real(8), intent(out) :: u_new(n)
  integer(4) :: i

  u_new(1) = u(1)
  u_new(n) = u(n)
  do i = 2, n - 1
    u_new(i) = u(i) + alpha * (u(i - 1) - 2.0d0 * u(i) + u(i + 1))
  end do
end subroutine heat1d
