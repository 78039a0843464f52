! Euclidean distance between every row of a (n x dim) and every row of b (m x dim).
subroutine pair_distances(n, m, dim, a, b, dist)
  implicit none
  integer(4), intent(in) :: n, m, dim
  real(4), intent(in) :: a(dim, n), b(dim, m)
  real(4), intent(out) :: dist(m, n)
  integer(4) :: i, j, k
  real(4) :: s

  !$omp parallel do collapse(2) private(k, s)
  do i = 1, n
    do j = 1, m
      s = 0.0
      do k = 1, dim
        s = s + (a(k, i) - b(k, j))**2
      end do
      dist(j, i) = sqrt(s)
    end do
  end do
end subroutine pair_distances
