! Gravitational potential energy over all pairs, softened by eps2 > 0; x, y, z hold n coordinates each.
function potential_energy(n, eps2, m, x, y, z) result(total)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: eps2
  real(8), intent(in) :: m(n), x(n), y(n), z(n)
  real(8) :: total
  integer(4) :: i, j

  total = 0.0d0
  do i = 1, n
    do j = i + 1, n
      total = total - m(i) * m(j) / sqrt((x(i) - x(j))**2 + (y(i) - y(j))**2 + (z(i) - z(j))**2 + eps2)
    end do
  end do
end function potential_energy
