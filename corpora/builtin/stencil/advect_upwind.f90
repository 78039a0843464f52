! First-order upwind advection of q by face-centred velocity v on a periodic line; lambda = dt / dx.
subroutine advect_upwind(n, lambda, v, q, q_out)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: lambda
  real(4), intent(in) :: v(n), q(n)
  real(4), intent(out) :: q_out(n)
  integer(4) :: i, left, right
  real(4) :: slope

  do i = 1, n
    left = i - 1
    if (left < 1) left = n
    right = i + 1
    if (right > n) right = 1
    if (v(i) > 0.0) then
      slope = q(i) - q(left)
    else
      slope = q(right) - q(i)
    end if
    q_out(i) = q(i) - lambda * v(i) * slope
  end do
end subroutine advect_upwind
