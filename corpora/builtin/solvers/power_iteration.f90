! `iters` power iterations; entry (i, j) of the matrix is a(j, i). x is scaled to length one after each step, y is scratch.
! Returns the last length before scaling; stops early when A x vanishes.
function power_iteration(n, iters, a, x, y) result(length)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: a(n, n)
  real(8), intent(inout) :: x(n), y(n)
  real(8) :: length
  integer :: it, i
  length = 0.0d0
  do it = 1, iters
    do i = 1, n
      y(i) = dot_product(a(:, i), x)
    end do
    length = sqrt(sum(y * y))
    if (length == 0.0d0) exit
    x = y / length
  end do
end function power_iteration
