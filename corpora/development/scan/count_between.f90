integer function count_between(x, n, lo, hi)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: x(n), lo, hi
  count_between = count(x >= lo .and. x < hi)
end function count_between
