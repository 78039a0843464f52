! Lax-Friedrichs step of the 1-D shallow water equations; h > 0; end cells are copied.
subroutine shallow_water1d(n, dt_dx, g, h, hu, h_new, hu_new)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: dt_dx, g
  real(8), intent(in) :: h(n), hu(n)
  real(8), intent(out) :: h_new(n), hu_new(n)
  integer(4) :: i
  real(8) :: fl, fr

  h_new(1) = h(1)
  hu_new(1) = hu(1)
  h_new(n) = h(n)
  hu_new(n) = hu(n)
  do i = 2, n - 1
    fl = hu(i - 1) * hu(i - 1) / h(i - 1) + 0.5d0 * g * h(i - 1) * h(i - 1)
    fr = hu(i + 1) * hu(i + 1) / h(i + 1) + 0.5d0 * g * h(i + 1) * h(i + 1)
    h_new(i) = 0.5d0 * (h(i - 1) + h(i + 1)) - 0.5d0 * dt_dx * (hu(i + 1) - hu(i - 1))
    hu_new(i) = 0.5d0 * (hu(i - 1) + hu(i + 1)) - 0.5d0 * dt_dx * (fr - fl)
  end do
end subroutine shallow_water1d
