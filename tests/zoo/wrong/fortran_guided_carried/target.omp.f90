! differences: the element before is carried from one iteration of a thread to its next
! expected: MISMATCH
subroutine work(n, x, d)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: d(n)
  integer :: i
  logical :: first
  real(8) :: before
  first = .true.
  !$omp parallel do firstprivate(first) private(before) SCHEDULE(Guided, 8)
  do i = 2, n
    if (first) before = x(i - 1)
    first = .false.
    d(i) = x(i) - before
    before = x(i)
  end do
end subroutine work
