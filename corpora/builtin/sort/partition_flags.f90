! flags(i) = 1 where x(i) is below the pivot, else 0; returns the number of ones.
function partition_flags(n, pivot, x, flags) result(below)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: pivot, x(n)
  integer(4), intent(out) :: flags(n)
  integer(4) :: below, i

  below = 0
  do i = 1, n
    flags(i) = merge(1, 0, x(i) < pivot)
    below = below + flags(i)
  end do
end function partition_flags
