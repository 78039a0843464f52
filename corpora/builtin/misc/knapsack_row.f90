! One row of the 0/1 knapsack table: best value for capacities 0..capacity after one more item; weight >= 0.
subroutine knapsack_row(capacity, weight, value, before, after)
  implicit none
  integer(4), intent(in) :: capacity, weight
  real(4), intent(in) :: value
  real(4), intent(in) :: before(0:capacity)
  real(4), intent(out) :: after(0:capacity)
  integer(4) :: c
  real(4) :: taken

  do c = 0, capacity
    after(c) = before(c)
    if (c >= weight) then
      taken = before(c - weight) + value
      if (taken > after(c)) after(c) = taken
    end if
  end do
end subroutine knapsack_row
