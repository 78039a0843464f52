! Evaluate a polynomial of given degree (coefficients from constant upwards) at n points by Horner's rule.
subroutine poly_eval(n, degree, coeff, x, y)
  implicit none
  integer(4), intent(in) :: n, degree
  real(8), intent(in) :: coeff(0:degree), x(n)
  real(8), intent(out) :: y(n)
  integer(4) :: i, k
  real(8) :: acc

  do i = 1, n
    acc = coeff(degree)
    do k = degree - 1, 0, -1
      acc = acc * x(i) + coeff(k)
    end do
    y(i) = acc
  end do
end subroutine poly_eval
