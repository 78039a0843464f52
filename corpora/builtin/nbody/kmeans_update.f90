! New centres as means of their points; labels outside [0, k) are left out; a centre without points keeps its place.
subroutine kmeans_update(n, k, dim, points, label, centres, count)
  implicit none
  integer(4), intent(in) :: n, k, dim
  real(8), intent(in) :: points(dim, n)
  integer(4), intent(in) :: label(n)
  real(8), intent(inout) :: centres(dim, k)
  integer(4), intent(out) :: count(k)
  integer(4) :: c, d, i
  real(8) :: total

  count = 0
  do i = 1, n
    if (label(i) < 0 .or. label(i) >= k) cycle
    count(label(i) + 1) = count(label(i) + 1) + 1
  end do
  do c = 1, k
    if (count(c) == 0) cycle
    do d = 1, dim
      total = 0.0d0
      do i = 1, n
        if (label(i) == c - 1) total = total + points(d, i)
      end do
      centres(d, c) = total / count(c)
    end do
  end do
end subroutine kmeans_update
