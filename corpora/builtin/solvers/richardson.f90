! `iters` damped Richardson steps x := x + omega (b - A x) with the periodic operator A = circ(-1, 2 + sigma, -1). r is scratch.
subroutine richardson(n, iters, omega, sigma, b, x, r)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: omega, sigma
  real(8), intent(in) :: b(n)
  real(8), intent(inout) :: x(n), r(n)
  integer :: it, i, l, u
  do it = 1, iters
    do i = 1, n
      l = modulo(i - 2, n) + 1
      u = modulo(i, n) + 1
      r(i) = b(i) - ((2.0d0 + sigma) * x(i) - x(l) - x(u))
    end do
    x = x + omega * r
  end do
end subroutine richardson
