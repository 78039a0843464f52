! Power-law correction of intensities cut to [0, 1] (NaN to 0), in place.
subroutine gamma_correct(n, exponent, v)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: exponent
  real(4), intent(inout) :: v(n)
  integer(4) :: i
  real(4) :: x

  do i = 1, n
    x = 0.0
    if (v(i) > 0.0) x = v(i)
    if (x > 1.0) x = 1.0
    v(i) = x**exponent
  end do
end subroutine gamma_correct
