! `sweeps` successive over-relaxation sweeps in red-black order, zero outside the grid; grid point (i, j) is u(j, i).
subroutine sor_redblack(rows, cols, sweeps, omega, f, u)
  implicit none
  integer, intent(in) :: rows, cols, sweeps
  real(4), intent(in) :: omega
  real(4), intent(in) :: f(cols, rows)
  real(4), intent(inout) :: u(cols, rows)
  integer :: s, colour, i, j
  real(4) :: around
  do s = 1, sweeps
    do colour = 0, 1
      do i = 1, rows
        do j = 1, cols
          if (mod(i + j, 2) /= colour) cycle
          around = 0.0
          if (i > 1) around = around + u(j, i - 1)
          if (i < rows) around = around + u(j, i + 1)
          if (j > 1) around = around + u(j - 1, i)
          if (j < cols) around = around + u(j + 1, i)
          u(j, i) = (1.0 - omega) * u(j, i) + omega * 0.25 * (around - f(j, i))
        end do
      end do
    end do
  end do
end subroutine sor_redblack
