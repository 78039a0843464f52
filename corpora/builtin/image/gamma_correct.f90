! Power-law correction of intensities cut to [0, 1], in place.
subroutine gamma_correct(n, exponent, v)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: exponent
  real(4), intent(inout) :: v(n)
  integer(4) :: i

  do i = 1, n
    v(i) = min(max(v(i), 0.0), 1.0)**exponent
  end do
end subroutine gamma_correct
