! All shortest distances of an n x n matrix, in place; row and column of the vertex that is passed through stay.
subroutine floyd_warshall(n, dist)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(inout) :: dist(n, n)
  integer(4) :: i, j, k
  real(8) :: via

  do k = 1, n
    !$omp parallel do private(j, via)
    do i = 1, n
      if (i == k) cycle
      do j = 1, n
        if (j == k) cycle
        via = dist(k, i) + dist(j, k)
        if (via < dist(j, i)) dist(j, i) = via
      end do
    end do
    !$omp end parallel do
  end do
end subroutine floyd_warshall
