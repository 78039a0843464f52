! Residual r = f - A u of the 5-point Poisson operator (zero outside the grid); returns the sum of r^2.
function laplace_residual(n, m, inv_h2, u, f, r) result(total)
  implicit none
  integer(4), intent(in) :: n, m
  real(8), intent(in) :: inv_h2
  real(8), intent(in) :: u(m, n), f(m, n)
  real(8), intent(out) :: r(m, n)
  real(8) :: total, up, down, left, right
  integer(4) :: i, j

  total = 0.0d0
  !$omp parallel do private(j, up, down, left, right) reduction(+:total)
  do i = 1, n
    do j = 1, m
      up = 0.0d0
      down = 0.0d0
      left = 0.0d0
      right = 0.0d0
      if (i > 1) up = u(j, i - 1)
      if (i < n) down = u(j, i + 1)
      if (j > 1) left = u(j - 1, i)
      if (j < m) right = u(j + 1, i)
      r(j, i) = f(j, i) - inv_h2 * (4.0d0 * u(j, i) - up - down - left - right)
      total = total + r(j, i) * r(j, i)
    end do
  end do
end function laplace_residual
