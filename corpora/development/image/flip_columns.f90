subroutine flip_columns(img, nx, ny)
  integer, intent(in) :: nx, ny
  integer(4), intent(inout) :: img(nx, ny)
  img(:, 1:ny) = img(:, ny:1:-1)
end subroutine flip_columns
