! One Adam update; c1 and c2 are the bias corrections 1 - beta^t (not zero); v >= 0, eps > 0.
subroutine adam_step(n, lr, beta1, beta2, eps, c1, c2, grad, m, v, param)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: lr, beta1, beta2, eps, c1, c2
  real(4), intent(in) :: grad(n)
  real(4), intent(inout) :: m(n), v(n), param(n)
  integer(4) :: i

  !$omp parallel do
  do i = 1, n
    m(i) = beta1 * m(i) + (1.0 - beta1) * grad(i)
    v(i) = beta2 * v(i) + (1.0 - beta2) * grad(i) * grad(i)
    param(i) = param(i) - lr * (m(i) / c1) / (sqrt(v(i) / c2) + eps)
  end do
end subroutine adam_step
