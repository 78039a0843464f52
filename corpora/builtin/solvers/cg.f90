! Conjugate gradients, at most `iters` steps, for (-d2/dx2 + c^2) x = b on n points: A = tridiag(-1, 2 + c(i)^2, -1),
! which is symmetric positive definite for every c. x enters as the first guess and leaves as the solution.
subroutine cg(n, iters, c, b, x)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: c(n), b(n)
  real(8), intent(inout) :: x(n)
  real(8) :: r(n), p(n), q(n)
  real(8) :: rr, next, alpha, beta, stop_at
  integer :: it
  call apply(x, q)
  r = b - q
  p = r
  rr = dot_product(r, r)
  stop_at = 1.0d-24 * rr
  do it = 1, iters
    if (.not. rr > stop_at) exit
    call apply(p, q)
    alpha = rr / dot_product(p, q)
    x = x + alpha * p
    r = r - alpha * q
    next = dot_product(r, r)
    beta = next / rr
    rr = next
    p = r + beta * p
  end do
contains
  subroutine apply(v, av)
    real(8), intent(in) :: v(n)
    real(8), intent(out) :: av(n)
    integer :: i
    do i = 1, n
      av(i) = (2.0d0 + c(i) * c(i)) * v(i)
      if (i > 1) av(i) = av(i) - v(i - 1)
      if (i < n) av(i) = av(i) - v(i + 1)
    end do
  end subroutine apply
end subroutine cg
