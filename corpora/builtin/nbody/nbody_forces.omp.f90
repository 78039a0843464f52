! Softened gravitational acceleration of n bodies (G = 1); pos and acc are [n][3]; eps2 > 0.
subroutine nbody_forces(n, eps2, mass, pos, acc)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: eps2
  real(8), intent(in) :: mass(n), pos(3, n)
  real(8), intent(out) :: acc(3, n)
  real(8) :: d(3), a(3), r2
  integer(4) :: i, j

  !$omp parallel do private(j, d, a, r2) schedule(static)
  do i = 1, n
    a = 0.0d0
    do j = 1, n
      d = pos(:, j) - pos(:, i)
      r2 = d(1) * d(1) + d(2) * d(2) + d(3) * d(3) + eps2
      a = a + (mass(j) / (r2 * sqrt(r2))) * d
    end do
    acc(:, i) = a
  end do
end subroutine nbody_forces
