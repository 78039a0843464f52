! 13-point biharmonic operator on points at least two away from the edge; zero elsewhere.
subroutine biharmonic2d(n, m, w, out)
  implicit none
  integer(4), intent(in) :: n, m
  real(8), intent(in) :: w(m, n)
  real(8), intent(out) :: out(m, n)
  integer(4) :: i, j
  real(8) :: near, diagonal, far

  out = 0.0d0
  do i = 3, n - 2
    do j = 3, m - 2
      near = w(j - 1, i) + w(j + 1, i) + w(j, i - 1) + w(j, i + 1)
      diagonal = w(j - 1, i - 1) + w(j + 1, i - 1) + w(j - 1, i + 1) + w(j + 1, i + 1)
      far = w(j - 2, i) + w(j + 2, i) + w(j, i - 2) + w(j, i + 2)
      out(j, i) = 20.0d0 * w(j, i) - 8.0d0 * near + 2.0d0 * diagonal + far
    end do
  end do
end subroutine biharmonic2d
