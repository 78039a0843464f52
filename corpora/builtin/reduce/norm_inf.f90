! Returns the infinity norm of a matrix whose row i is a(:, i): the largest absolute row sum.
function norm_inf(m, n, a) result(norm)
  implicit none
  integer, intent(in) :: m, n
  real(4), intent(in) :: a(n, m)
  real(4) :: norm, row
  integer :: i, j
  norm = 0.0
  do i = 1, m
    row = 0.0
    do j = 1, n
      row = row + abs(a(j, i))
    end do
    if (row > norm) norm = row
  end do
end function norm_inf
