! Solves L X = B in place (B becomes X), L lower triangular; entry (i, j) is (j, i) here; columns in parallel.
subroutine trsm(n, m, l, b)
  implicit none
  integer, intent(in) :: n, m
  real(8), intent(in) :: l(n, n)
  real(8), intent(inout) :: b(m, n)
  integer :: i, j, p
  !$omp parallel do private(i, p)
  do j = 1, m
    do i = 1, n
      do p = 1, i - 1
        b(j, i) = b(j, i) - l(p, i) * b(j, p)
      end do
      b(j, i) = b(j, i) / l(i, i)
    end do
  end do
  !$omp end parallel do
end subroutine trsm
