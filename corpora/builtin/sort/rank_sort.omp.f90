! Stable sort by counting, for every element, how many must stand before it.
subroutine rank_sort(n, in, out)
  implicit none
  integer(4), intent(in) :: n
  integer(4), intent(in) :: in(n)
  integer(4), intent(out) :: out(n)
  integer(4) :: i, j, rank

  !$omp parallel do private(j, rank)
  do i = 1, n
    rank = 1
    do j = 1, n
      if (in(j) < in(i) .or. (in(j) == in(i) .and. j < i)) rank = rank + 1
    end do
    out(rank) = in(i)
  end do
end subroutine rank_sort
