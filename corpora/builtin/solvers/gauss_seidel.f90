! `sweeps` Gauss-Seidel sweeps for the Poisson equation, boundary values fixed; grid point (i, j) is u(j, i).
! Returns the sum of the squared changes of the last sweep.
function gauss_seidel(n, sweeps, rhs, u) result(change)
  implicit none
  integer, intent(in) :: n, sweeps
  real(8), intent(in) :: rhs(n, n)
  real(8), intent(inout) :: u(n, n)
  real(8) :: change, old, v
  integer :: i, j, s
  change = 0.0d0
  do s = 1, sweeps
    change = 0.0d0
    do i = 2, n - 1
      do j = 2, n - 1
        old = u(j, i)
        v = (u(j, i - 1) + u(j - 1, i) + u(j + 1, i) + u(j, i + 1) + rhs(j, i)) / 4.0d0
        u(j, i) = v
        change = change + (v - old) * (v - old)
      end do
    end do
  end do
end function gauss_seidel
