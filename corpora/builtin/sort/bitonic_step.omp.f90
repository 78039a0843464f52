! One compare-exchange step of a bitonic network, out of place: partner ieor(i, j), direction by bit k; j, k >= 0.
subroutine bitonic_step(n, j, k, in, out)
  implicit none
  integer(4), intent(in) :: n, j, k
  real(4), intent(in) :: in(0:n - 1)
  real(4), intent(out) :: out(0:n - 1)
  integer(4) :: i, partner, low, high
  logical :: exchange

  !$omp parallel do private(partner, low, high, exchange)
  do i = 0, n - 1
    partner = ieor(i, j)
    out(i) = in(i)
    if (partner < 0 .or. partner >= n) cycle
    low = min(i, partner)
    high = max(i, partner)
    if (iand(low, k) == 0) then
      exchange = in(low) > in(high)
    else
      exchange = in(low) < in(high)
    end if
    if (exchange) out(i) = in(partner)
  end do
end subroutine bitonic_step
