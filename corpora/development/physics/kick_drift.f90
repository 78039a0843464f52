subroutine kick_drift(x, v, f, mass, n, dt)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(3, n), v(3, n)
  real(8), intent(in) :: f(3, n), mass(n), dt
  integer :: i
  do i = 1, n
    v(:, i) = v(:, i) + dt * f(:, i) / mass(i)
    x(:, i) = x(:, i) + dt * v(:, i)
  end do
end subroutine kick_drift
