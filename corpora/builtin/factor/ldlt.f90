! Factors a symmetric matrix (lower triangle, entry (i, j) is a(j, i)) as L D L^T: unit L below the diagonal, D in d.
! All pivots must be nonzero.
subroutine ldlt(n, a, d)
  implicit none
  integer, intent(in) :: n
  real(4), intent(inout) :: a(n, n)
  real(4), intent(out) :: d(n)
  integer :: i, j, k
  real(4) :: s
  do j = 1, n
    d(j) = a(j, j)
    do k = 1, j - 1
      d(j) = d(j) - a(k, j) * a(k, j) * d(k)
    end do
    do i = j + 1, n
      s = a(j, i)
      do k = 1, j - 1
        s = s - a(k, i) * a(k, j) * d(k)
      end do
      a(j, i) = s / d(j)
    end do
  end do
end subroutine ldlt
