real function absolute_loss(pred, truth, n)
  implicit none
  integer, intent(in) :: n
  real, intent(in) :: pred(n), truth(n)
  integer :: i
  absolute_loss = 0.0
  do i = 1, n
    absolute_loss = absolute_loss + abs(pred(i) - truth(i))
  end do
  if (n > 0) absolute_loss = absolute_loss / real(n)
end function absolute_loss
