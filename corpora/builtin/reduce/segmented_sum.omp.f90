! Sums of consecutive segments; start is 0-based and ascends from 0.
subroutine segmented_sum(segments, start, values, sums)
  implicit none
  integer, intent(in) :: segments
  integer, intent(in) :: start(segments + 1)
  real(8), intent(in) :: values(*)
  real(8), intent(out) :: sums(segments)
  integer :: s, i
  real(8) :: total
  !$omp parallel do private(i, total) schedule(dynamic)
  do s = 1, segments
    total = 0.0d0
    do i = start(s) + 1, start(s + 1)
      total = total + values(i)
    end do
    sums(s) = total
  end do
  !$omp end parallel do
end subroutine segmented_sum
