! Lennard-Jones forces (sigma = epsilon = 1) with cutoff, each pair once; pos and force are [n][3]; returns the energy.
function lennard_jones(n, cutoff, pos, force) result(energy)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: cutoff, pos(3, n)
  real(8), intent(out) :: force(3, n)
  real(8) :: energy, d(3), r2, inv2, inv6, f
  integer(4) :: i, j

  energy = 0.0d0
  force = 0.0d0
  do i = 1, n
    do j = i + 1, n
      d = pos(:, i) - pos(:, j)
      r2 = d(1)**2 + d(2)**2 + d(3)**2
      if (r2 >= cutoff * cutoff .or. r2 == 0.0d0) cycle
      inv2 = 1.0d0 / r2
      inv6 = inv2 * inv2 * inv2
      f = 24.0d0 * inv2 * inv6 * (2.0d0 * inv6 - 1.0d0)
      energy = energy + 4.0d0 * inv6 * (inv6 - 1.0d0)
      force(:, i) = force(:, i) + f * d
      force(:, j) = force(:, j) - f * d
    end do
  end do
end function lennard_jones
