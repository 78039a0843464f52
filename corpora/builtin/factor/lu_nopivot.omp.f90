! In-place LU factorisation without pivoting; entry (i, j) is a(j, i); all pivots must be nonzero.
subroutine lu_nopivot(n, a)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer :: i, j, k
  do k = 1, n
    !$omp parallel do private(i, j) firstprivate(k)
    do i = k + 1, n
      a(k, i) = a(k, i) / a(k, k)
      do j = k + 1, n
        a(j, i) = a(j, i) - a(k, i) * a(j, k)
      end do
    end do
    !$omp end parallel do
  end do
end subroutine lu_nopivot
