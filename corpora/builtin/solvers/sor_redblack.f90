! `sweeps` successive over-relaxation sweeps in red-black order, boundary values fixed; grid point (i, j) is u(j, i).
subroutine sor_redblack(rows, cols, sweeps, omega, f, u)
  implicit none
  integer, intent(in) :: rows, cols, sweeps
  real(4), intent(in) :: omega
  real(4), intent(in) :: f(cols, rows)
  real(4), intent(inout) :: u(cols, rows)
  integer :: s, colour, i, j
  real(4) :: gs
  do s = 1, sweeps
    do colour = 0, 1
      do i = 2, rows - 1
        do j = 2, cols - 1
          if (mod(i + j, 2) /= colour) cycle
          gs = 0.25 * (u(j, i - 1) + u(j, i + 1) + u(j - 1, i) + u(j + 1, i) - f(j, i))
          u(j, i) = (1.0 - omega) * u(j, i) + omega * gs
        end do
      end do
    end do
  end do
end subroutine sor_redblack
