! One explicit 7-point heat step on an nz x ny x nx block; boundary cells keep their value.
subroutine heat3d(nx, ny, nz, k, t, t_next)
  implicit none
  integer(4), intent(in) :: nx, ny, nz
  real(4), intent(in) :: k
  real(4), intent(in) :: t(nx, ny, nz)
  real(4), intent(out) :: t_next(nx, ny, nz)
  integer(4) :: x, y, z
  real(4) :: v

  do z = 1, nz
    do y = 1, ny
      do x = 1, nx
        v = t(x, y, z)
        if (x > 1 .and. y > 1 .and. z > 1 .and. x < nx .and. y < ny .and. z < nz) then
          v = v + k * (t(x - 1, y, z) + t(x + 1, y, z) + t(x, y - 1, z) + t(x, y + 1, z) &
                       + t(x, y, z - 1) + t(x, y, z + 1) - 6.0 * t(x, y, z))
        end if
        t_next(x, y, z) = v
      end do
    end do
  end do
end subroutine heat3d
