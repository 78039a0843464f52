! Solves systems with the matrix tridiag(-1, 2 + shift^2, -1) of order n; element i of system s is d(s, i).
! d enters as the right side and leaves as the solution; work has n elements.
subroutine thomas_batched(n, batch, shift, d, work)
  implicit none
  integer, intent(in) :: n, batch
  real(8), intent(in) :: shift
  real(8), intent(inout) :: d(batch, n)
  real(8), intent(inout) :: work(n)
  real(8) :: diag
  integer :: i, s
  if (n < 1) return
  diag = 2.0d0 + shift * shift
  work(1) = -1.0d0 / diag
  do i = 2, n
    work(i) = -1.0d0 / (diag + work(i - 1))
  end do
  do s = 1, batch
    d(s, 1) = -d(s, 1) * work(1)
    do i = 2, n
      d(s, i) = -(d(s, i) + d(s, i - 1)) * work(i)
    end do
    do i = n - 1, 1, -1
      d(s, i) = d(s, i) - work(i) * d(s, i + 1)
    end do
  end do
end subroutine thomas_batched
