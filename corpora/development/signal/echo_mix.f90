subroutine echo_mix(s, n, delay, gain)
  implicit none
  integer, intent(in) :: n, delay
  real, intent(inout) :: s(n)
  real, intent(in) :: gain
  integer :: i
  if (delay < 1) return
  do i = n, delay + 1, -1
    s(i) = s(i) + gain * s(i - delay)
  end do
end subroutine echo_mix
