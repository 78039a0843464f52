real(8) function scaled_trace(a, n, factor) result(t)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a(n, n), factor
  integer :: i
  t = 0
  do i = 1, n
    t = t + a(i, i)
  end do
  t = factor * t
end function scaled_trace
