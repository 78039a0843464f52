! One phase of odd-even transposition sort: compare-exchange (i, i + 1) for every i of phase's parity.
subroutine odd_even_step(n, phase, a)
  implicit none
  integer(4), intent(in) :: n, phase
  integer(4), intent(inout) :: a(n)
  integer(4) :: i, t

  !$omp parallel do private(t)
  do i = iand(phase, 1) + 1, n - 1, 2
    if (a(i) > a(i + 1)) then
      t = a(i)
      a(i) = a(i + 1)
      a(i + 1) = t
    end if
  end do
end subroutine odd_even_step
