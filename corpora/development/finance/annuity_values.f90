subroutine annuity_values(payment, rate, periods, pv, n)
  implicit none
  integer, intent(in) :: n, periods(n)
  real(8), intent(in) :: payment(n), rate(n)
  real(8), intent(out) :: pv(n)
  integer :: i, k
  do i = 1, n
    pv(i) = 0.0d0
    do k = 1, periods(i)
      pv(i) = (pv(i) + payment(i)) / (1.0d0 + rate(i))
    end do
  end do
end subroutine annuity_values
