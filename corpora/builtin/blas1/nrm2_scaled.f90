! Euclidean norm without needless overflow: keeps the largest magnitude and the scaled sum of squares.
function nrm2_scaled(n, x) result(nrm)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8) :: nrm, scale, ssq, a, q
  integer :: i
  scale = 0.0d0
  ssq = 1.0d0
  do i = 1, n
    if (x(i) /= 0.0d0) then
      a = abs(x(i))
      if (scale < a) then
        q = scale / a
        ssq = 1.0d0 + ssq * q * q
        scale = a
      else
        q = a / scale
        ssq = ssq + q * q
      end if
    end if
  end do
  nrm = scale * sqrt(ssq)
end function nrm2_scaled
