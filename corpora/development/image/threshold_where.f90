subroutine threshold_where(img, mask, nx, ny, level)
  implicit none
  integer, intent(in) :: nx, ny, level
  integer, intent(in) :: img(nx, ny)
  integer, intent(out) :: mask(nx, ny)
  where (img > level)
    mask = 255
  elsewhere
    mask = 0
  end where
end subroutine threshold_where
