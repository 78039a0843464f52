! One phase of odd-even transposition sort, out of place: pairs of 0-based (i, i + 1) with i of the phase's parity.
subroutine odd_even_step(n, phase, in, out)
  implicit none
  integer(4), intent(in) :: n, phase
  integer(4), intent(in) :: in(0:n - 1)
  integer(4), intent(out) :: out(0:n - 1)
  integer(4) :: i

  !$omp parallel do
  do i = 0, n - 1
    out(i) = in(i)
    if (iand(ieor(i, phase), 1) == 0) then
      if (i + 1 < n) out(i) = min(in(i), in(i + 1))
    else
      if (i > 0) out(i) = max(in(i - 1), in(i))
    end if
  end do
end subroutine odd_even_step
