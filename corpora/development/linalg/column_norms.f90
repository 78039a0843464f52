subroutine column_norms(a, lda, m, n, norms)
  implicit none
  integer, intent(in) :: lda, m, n
  real, intent(in) :: a(lda, n)
  real, intent(out) :: norms(n)
  integer :: j
  do j = 1, n
    norms(j) = sqrt(sum(a(1:m, j)**2))
  end do
end subroutine column_norms
