! Complex y := (ar + i ai) x + y; x and y hold n interleaved (real, imaginary) pairs.
subroutine zaxpy(n, ar, ai, x, y)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: ar, ai
  real(8), intent(in) :: x(2, n)
  real(8), intent(inout) :: y(2, n)
  integer :: i
  do i = 1, n
    y(1, i) = y(1, i) + (ar * x(1, i) - ai * x(2, i))
    y(2, i) = y(2, i) + (ar * x(2, i) + ai * x(1, i))
  end do
end subroutine zaxpy
