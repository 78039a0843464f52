subroutine relax_rows(dist, weight, n)
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: dist(n)
  real, intent(in) :: weight(n, n)
  integer :: u, v
  do u = 1, n
    do v = 1, n
      if (weight(v, u) > 0.0) dist(v) = min(dist(v), dist(u) + weight(v, u))
    end do
  end do
end subroutine relax_rows
