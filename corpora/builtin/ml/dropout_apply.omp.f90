! Inverted dropout with a given mask: kept values are divided by 1 - p, others become zero; p in [0, 1).
subroutine dropout_apply(n, p, mask, x, y)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: p
  integer(1), intent(in) :: mask(n)
  real(4), intent(in) :: x(n)
  real(4), intent(out) :: y(n)
  integer(4) :: i
  real(4) :: scale

  scale = 1.0 / (1.0 - p)
  !$omp parallel do
  do i = 1, n
    y(i) = 0.0
    if (mask(i) /= 0) y(i) = x(i) * scale
  end do
end subroutine dropout_apply
