! Half kick of the leapfrog scheme: vel += (dt / 2) * force / mass; vel and force are [3][n]; mass not zero.
subroutine leapfrog_kick(n, dt, mass, force, vel)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: dt
  real(4), intent(in) :: mass(n), force(n, 3)
  real(4), intent(inout) :: vel(n, 3)
  integer(4) :: i, d

  !$omp parallel do collapse(2)
  do d = 1, 3
    do i = 1, n
      vel(i, d) = vel(i, d) + 0.5 * dt * force(i, d) / mass(i)
    end do
  end do
end subroutine leapfrog_kick
