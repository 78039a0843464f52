! scale_rows_fortran
subroutine work(m, n, a, s)
  integer, intent(in) :: m, n
  real(8), intent(inout) :: a(m, n)
  real(8), intent(in) :: s(m)
  integer :: i, j
  do j = 1, n
    do i = 1, m
      a(i, j) = a(i, j) * s(i)
    end do
  end do
end subroutine work
