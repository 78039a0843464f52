! SGD with weight decay and Nesterov momentum, in place.
subroutine sgd_momentum(n, lr, mu, decay, grad, velocity, w)
  implicit none
  integer(8), intent(in) :: n
  real(8), intent(in) :: lr, mu, decay
  real(8), intent(in) :: grad(n)
  real(8), intent(inout) :: velocity(n), w(n)
  integer(8) :: i
  real(8) :: g

  do i = 1, n
    g = grad(i) + decay * w(i)
    velocity(i) = mu * velocity(i) + g
    w(i) = w(i) - lr * (g + mu * velocity(i))
  end do
end subroutine sgd_momentum
