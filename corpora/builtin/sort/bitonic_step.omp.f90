! One compare-exchange step of a bitonic network: partner i ^ j, direction by bit k of i; j, k >= 0.
subroutine bitonic_step(n, j, k, a)
  implicit none
  integer(4), intent(in) :: n, j, k
  real(4), intent(inout) :: a(0:n - 1)
  integer(4) :: i, partner
  real(4) :: held
  logical :: exchange

  !$omp parallel do private(partner, held, exchange)
  do i = 0, n - 1
    partner = ieor(i, j)
    if (partner <= i .or. partner >= n) cycle
    if (iand(i, k) == 0) then
      exchange = a(i) > a(partner)
    else
      exchange = a(i) < a(partner)
    end if
    if (exchange) then
      held = a(i)
      a(i) = a(partner)
      a(partner) = held
    end if
  end do
end subroutine bitonic_step
