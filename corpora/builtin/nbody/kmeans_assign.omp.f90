! Label (0-based) of the nearest of k centres for each of n points in dim dimensions, the first when tied.
subroutine kmeans_assign(n, k, dim, points, centres, label)
  implicit none
  integer(4), intent(in) :: n, k, dim
  real(4), intent(in) :: points(dim, n), centres(dim, k)
  integer(4), intent(out) :: label(n)
  integer(4) :: i, c, d, best
  real(4) :: s, least

  !$omp parallel do private(c, d, best, s, least)
  do i = 1, n
    best = 0
    least = 0.0
    do c = 1, k
      s = 0.0
      do d = 1, dim
        s = s + (points(d, i) - centres(d, c)) * (points(d, i) - centres(d, c))
      end do
      if (c == 1 .or. s < least) then
        least = s
        best = c - 1
      end if
    end do
    label(i) = best
  end do
end subroutine kmeans_assign
