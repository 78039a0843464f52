! Total kinetic energy 1/2 sum m |v|^2; vel is [n][3].
function kinetic_energy(n, mass, vel) result(e)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: mass(n), vel(3, n)
  real(8) :: e
  integer(4) :: i

  e = 0.0d0
  !$omp parallel do reduction(+:e)
  do i = 1, n
    e = e + mass(i) * (vel(1, i)**2 + vel(2, i)**2 + vel(3, i)**2)
  end do
  e = 0.5d0 * e
end function kinetic_energy
