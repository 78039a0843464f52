! dst := src.
subroutine vcopy(n, src, dst)
  implicit none
  integer(8), intent(in) :: n
  real(4), intent(in) :: src(n)
  real(4), intent(out) :: dst(n)
  integer(8) :: i
  do i = 1_8, n
    dst(i) = src(i)
  end do
end subroutine vcopy
