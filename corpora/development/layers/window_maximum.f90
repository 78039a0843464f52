subroutine window_maximum(src, nx, ny, k, dst, mx, my)
  implicit none
  integer, intent(in) :: nx, ny, k, mx, my
  real, intent(in) :: src(nx, ny)
  real, intent(out) :: dst(mx, my)
  integer :: i, j, ii, jj
  real :: best
  do j = 1, my
    do i = 1, mx
      best = -huge(1.0)
      do jj = (j - 1) * k + 1, min(j * k, ny)
        do ii = (i - 1) * k + 1, min(i * k, nx)
          best = max(best, src(ii, jj))
        end do
      end do
      dst(i, j) = best
    end do
  end do
end subroutine window_maximum
