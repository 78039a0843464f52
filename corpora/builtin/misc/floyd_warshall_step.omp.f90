! Relax all pairs of an n x n distance matrix through vertex k, out of place; a k outside [0, n) changes nothing.
subroutine floyd_warshall_step(n, k, dist, relaxed)
  implicit none
  integer(4), intent(in) :: n, k
  real(8), intent(in) :: dist(n, n)
  real(8), intent(out) :: relaxed(n, n)
  integer(4) :: i, j
  real(8) :: via

  !$omp parallel do private(j, via)
  do i = 1, n
    do j = 1, n
      relaxed(j, i) = dist(j, i)
      if (k < 0 .or. k >= n) cycle
      via = dist(k + 1, i) + dist(j, k + 1)
      if (via < dist(j, i)) relaxed(j, i) = via
    end do
  end do
end subroutine floyd_warshall_step
