! Symmetric rank-one update of the lower triangle: A := A + alpha x x^T, entry (r, c) is a(c, r).
subroutine syr(n, alpha, x, a)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: alpha, x(n)
  real(8), intent(inout) :: a(n, n)
  integer :: r, c
  real(8) :: f
  do r = 1, n
    f = alpha * x(r)
    do c = 1, r
      a(c, r) = a(c, r) + f * x(c)
    end do
  end do
end subroutine syr
