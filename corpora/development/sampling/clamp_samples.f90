pure subroutine clamp_samples(x, n, lo, hi, clipped)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n)
  real(8), intent(in) :: lo, hi
  integer, intent(out) :: clipped
  clipped = count(x < lo .or. x > hi)
  x = min(max(x, lo), hi)
end subroutine clamp_samples
