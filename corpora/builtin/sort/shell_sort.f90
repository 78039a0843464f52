! Ascending Shell sort of integers in place, gaps n/2, n/4, ..., 1.
subroutine shell_sort(n, a)
  implicit none
  integer(4), intent(in) :: n
  integer(8), intent(inout) :: a(n)
  integer(4) :: gap, i, j
  integer(8) :: moving

  gap = n / 2
  do while (gap > 0)
    do i = gap + 1, n
      moving = a(i)
      j = i
      do while (j > gap)
        if (a(j - gap) <= moving) exit
        a(j) = a(j - gap)
        j = j - gap
      end do
      a(j) = moving
    end do
    gap = gap / 2
  end do
end subroutine shell_sort
