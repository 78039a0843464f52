! head(i) = 1 where a run of equal values starts, else 0; returns the number of runs.
function rle_flags(n, x, head) result(runs)
  implicit none
  integer(4), intent(in) :: n
  integer(4), intent(in) :: x(n)
  integer(4), intent(out) :: head(n)
  integer(4) :: runs, i

  runs = 0
  do i = 1, n
    head(i) = 1
    if (i > 1) head(i) = merge(1, 0, x(i) /= x(max(i - 1, 1)))
    runs = runs + head(i)
  end do
end function rle_flags
