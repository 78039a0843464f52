! 27-point stencil: weights by distance class (centre, face, edge, corner); boundary set to zero.
subroutine stencil27(n, w, a, b)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: w(4)
  real(8), intent(in) :: a(n, n, n)
  real(8), intent(out) :: b(n, n, n)
  integer(4) :: i, j, k, di, dj, dk
  real(8) :: total

  b = 0.0d0
  do k = 2, n - 1
    do j = 2, n - 1
      do i = 2, n - 1
        total = 0.0d0
        do dk = -1, 1
          do dj = -1, 1
            do di = -1, 1
              total = total + w(di * di + dj * dj + dk * dk + 1) * a(i + di, j + dj, k + dk)
            end do
          end do
        end do
        b(i, j, k) = total
      end do
    end do
  end do
end subroutine stencil27
