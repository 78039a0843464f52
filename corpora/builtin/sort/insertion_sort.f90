! Insertion sort of doubles into descending order, in place; no NaN.
subroutine insertion_sort(n, x)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(inout) :: x(n)
  integer(4) :: i, j
  real(8) :: key

  do i = 2, n
    key = x(i)
    j = i - 1
    do while (j >= 1)
      if (.not. (x(j) < key)) exit
      x(j + 1) = x(j)
      j = j - 1
    end do
    x(j + 1) = key
  end do
end subroutine insertion_sort
