! Planar RGB to YUV (BT.601) for n pixels.
subroutine rgb_to_yuv(n, r, g, b, y, u, v)
  implicit none
  integer(4), intent(in) :: n
  real(4), intent(in) :: r(n), g(n), b(n)
  real(4), intent(out) :: y(n), u(n), v(n)
  integer(4) :: i

  !$omp parallel do
  do i = 1, n
    y(i) = 0.299 * r(i) + 0.587 * g(i) + 0.114 * b(i)
    u(i) = 0.492 * (b(i) - y(i))
    v(i) = 0.877 * (r(i) - y(i))
  end do
end subroutine rgb_to_yuv
