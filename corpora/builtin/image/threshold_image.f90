! Binary image: 255 where the pixel is above `level`, else 0; returns how many are above.
function threshold_image(n, level, src, dst) result(above)
  implicit none
  integer(4), intent(in) :: n, level
  integer(1), intent(in) :: src(n)
  integer(1), intent(out) :: dst(n)
  integer(4) :: above, i

  above = 0
  do i = 1, n
    if (iand(int(src(i)), 255) > level) then
      dst(i) = -1_1
      above = above + 1
    else
      dst(i) = 0_1
    end if
  end do
end function threshold_image
