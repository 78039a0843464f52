! Luma of interleaved RGB bytes (0 to 255, stored in integer(1)) with integer weights 77, 150, 29 over 256.
subroutine grayscale(n_pixels, rgb, gray)
  implicit none
  integer(4), intent(in) :: n_pixels
  integer(1), intent(in) :: rgb(3, n_pixels)
  integer(1), intent(out) :: gray(n_pixels)
  integer(4) :: i, r, g, b

  !$omp parallel do private(r, g, b)
  do i = 1, n_pixels
    r = iand(int(rgb(1, i)), 255)
    g = iand(int(rgb(2, i)), 255)
    b = iand(int(rgb(3, i)), 255)
    gray(i) = int((77 * r + 150 * g + 29 * b) / 256, 1)
  end do
end subroutine grayscale
