! Inverts a matrix (entry (i, j) is a(j, i)) in place by Gauss-Jordan elimination without pivoting; pivots must be nonzero.
subroutine gauss_jordan(n, a)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer :: i, k
  real(8) :: f
  do k = 1, n
    f = 1.0d0 / a(k, k)
    a(k, k) = 1.0d0
    a(:, k) = a(:, k) * f
    do i = 1, n
      if (i == k) cycle
      f = a(k, i)
      a(k, i) = 0.0d0
      a(:, i) = a(:, i) - f * a(:, k)
    end do
  end do
end subroutine gauss_jordan
