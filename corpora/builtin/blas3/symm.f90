! C := A * B for a symmetric A of which the upper triangle is read; entry (i, j) is (j, i) here.
subroutine symm(n, m, a, b, c)
  implicit none
  integer, intent(in) :: n, m
  real(8), intent(in) :: a(n, n), b(m, n)
  real(8), intent(out) :: c(m, n)
  integer :: i, j, p
  real(8) :: s
  do i = 1, n
    do j = 1, m
      s = 0.0d0
      do p = 1, n
        if (i <= p) then
          s = s + a(p, i) * b(j, p)
        else
          s = s + a(i, p) * b(j, p)
        end if
      end do
      c(j, i) = s
    end do
  end do
end subroutine symm
