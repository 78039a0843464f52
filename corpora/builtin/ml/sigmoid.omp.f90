! Logistic function of every element, computed without overflow.
subroutine sigmoid(n, x, y)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: y(n)
  integer(4) :: i
  real(8) :: e

  !$omp parallel do private(e)
  do i = 1, n
    if (x(i) >= 0.0d0) then
      y(i) = 1.0d0 / (1.0d0 + exp(-x(i)))
    else
      e = exp(x(i))
      y(i) = e / (1.0d0 + e)
    end if
  end do
end subroutine sigmoid
