! Chebyshev semi-iteration, `iters` steps, on A = tridiag(-1, 4, -1), whose spectrum lies in (2, 6).
! x enters as the first guess; r and d are scratch vectors of length n.
subroutine chebyshev(n, iters, b, x, r, d)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: b(n)
  real(8), intent(inout) :: x(n), r(n), d(n)
  real(8), parameter :: centre = 4.0d0, half = 2.0d0
  real(8) :: alpha, beta
  integer :: i, k
  alpha = 0.0d0
  do k = 0, iters - 1
    do i = 1, n
      r(i) = b(i) - 4.0d0 * x(i)
      if (i > 1) r(i) = r(i) + x(i - 1)
      if (i < n) r(i) = r(i) + x(i + 1)
    end do
    if (k == 0) then
      d = r
      alpha = 1.0d0 / centre
    else
      if (k == 1) then
        beta = 0.5d0 * (half * alpha)**2
      else
        beta = (half * alpha / 2.0d0)**2
      end if
      alpha = 1.0d0 / (centre - beta / alpha)
      d = r + beta * d
    end if
    x = x + alpha * d
  end do
end subroutine chebyshev
