! downwards_fortran
subroutine work(n, m, a)
  integer, intent(in) :: n, m
  real(8), intent(inout) :: a(m, n)
  integer :: i, j
  do i = 2, n
    do j = 1, m
      a(j, i) = a(j, i) + 0.5d0 * a(j, i - 1)
    end do
  end do
end subroutine work
