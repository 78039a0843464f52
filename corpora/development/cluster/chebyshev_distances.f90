subroutine chebyshev_distances(x, q, d, n, dims)
  implicit none
  integer, intent(in) :: n, dims
  real(8), intent(in) :: x(dims, n), q(dims)
  real(8), intent(out) :: d(n)
  integer :: i, k
  do i = 1, n
    d(i) = 0.0d0
    do k = 1, dims
      d(i) = max(d(i), abs(x(k, i) - q(k)))
    end do
  end do
end subroutine chebyshev_distances
