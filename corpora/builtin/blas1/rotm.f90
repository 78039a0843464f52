! Applies a 2x2 matrix h = (h11, h21, h12, h22) to the pairs (x(i), y(i)).
! kind 0: full matrix; kind 1: h11, h22 as given, h12 = 1, h21 = -1; any other: identity.
subroutine rotm(n, x, y, kind, h)
  implicit none
  integer, intent(in) :: n, kind
  real(4), intent(inout) :: x(n), y(n)
  real(4), intent(in) :: h(4)
  real(4) :: h11, h21, h12, h22, w, z
  integer :: i
  h11 = 1.0
  h21 = 0.0
  h12 = 0.0
  h22 = 1.0
  select case (kind)
  case (0)
    h11 = h(1)
    h21 = h(2)
    h12 = h(3)
    h22 = h(4)
  case (1)
    h11 = h(1)
    h21 = -1.0
    h12 = 1.0
    h22 = h(4)
  end select
  do i = 1, n
    w = x(i)
    z = y(i)
    x(i) = w * h11 + z * h12
    y(i) = w * h21 + z * h22
  end do
end subroutine rotm
