! Drift x += dt * v with wrap-around in the periodic box [0, length); length > 0.
subroutine leapfrog_drift(n, dt, length, v, x)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: dt, length, v(n)
  real(8), intent(inout) :: x(n)
  real(8) :: moved, turns
  integer(4) :: i

  do i = 1, n
    moved = x(i) + dt * v(i)
    turns = aint(moved / length)
    if (turns > moved / length) turns = turns - 1.0d0
    x(i) = moved - length * turns
  end do
end subroutine leapfrog_drift
