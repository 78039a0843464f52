subroutine assign_centers(pts, np, centers, nc, dims, owner)
  implicit none
  integer, intent(in) :: np, nc, dims
  real, intent(in) :: pts(dims, np), centers(dims, nc)
  integer, intent(out) :: owner(np)
  integer :: p, c
  real :: d, best
  do p = 1, np
    best = huge(best)
    do c = 1, nc
      d = sum((pts(:, p) - centers(:, c))**2)
      if (d < best) then
        best = d
        owner(p) = c
      end if
    end do
  end do
end subroutine assign_centers
