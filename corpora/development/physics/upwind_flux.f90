subroutine upwind_flux(q, vel, flux, n)
  implicit none
  integer, intent(in) :: n
  real, intent(in) :: q(0:n), vel(n)
  real, intent(out) :: flux(n)
  integer :: i
  do i = 1, n
    if (vel(i) >= 0.0) then
      flux(i) = vel(i) * q(i - 1)
    else
      flux(i) = vel(i) * q(i)
    end if
  end do
end subroutine upwind_flux
