! Givens rotation that annihilates b: c(1), s(1) with c*a + s*b = r(1) and c*b - s*a = 0.
subroutine rotg(a, b, c, s, r)
  implicit none
  real(8), intent(in) :: a, b
  real(8), intent(out) :: c(1), s(1), r(1)
  real(8) :: h
  if (b == 0.0d0) then
    c(1) = 1.0d0
    s(1) = 0.0d0
    r(1) = a
    return
  end if
  h = sqrt(a * a + b * b)
  c(1) = a / h
  s(1) = b / h
  r(1) = h
end subroutine rotg
