! Histogram equalisation of a byte image; an image of one value is copied.
subroutine equalize(n, src, dst)
  implicit none
  integer(4), intent(in) :: n
  integer(1), intent(in) :: src(n)
  integer(1), intent(out) :: dst(n)
  integer(4) :: cdf(0:255), lowest, i, v

  cdf = 0
  do i = 1, n
    v = iand(int(src(i)), 255)
    cdf(v) = cdf(v) + 1
  end do
  lowest = cdf(0)
  do v = 1, 255
    cdf(v) = cdf(v) + cdf(v - 1)
    if (lowest == 0) lowest = cdf(v)
  end do
  do i = 1, n
    if (lowest == n) then
      dst(i) = src(i)
    else
      v = iand(int(src(i)), 255)
      dst(i) = int(int(cdf(v) - lowest, 8) * 255_8 / int(n - lowest, 8), 1)
    end if
  end do
end subroutine equalize
