! y := A x for a symmetric matrix; entry (i, j), j <= i, is a(j, i).
subroutine symv(n, a, x, y)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: a(n, n), x(n)
  real(8), intent(out) :: y(n)
  integer :: i, j
  real(8) :: acc
  !$omp parallel do private(i, j, acc) schedule(dynamic, 8)
  do i = 1, n
    acc = 0.0d0
    do j = 1, i
      acc = acc + a(j, i) * x(j)
    end do
    do j = i + 1, n
      acc = acc + a(i, j) * x(j)
    end do
    y(i) = acc
  end do
  !$omp end parallel do
end subroutine symv
