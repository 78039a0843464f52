! For every query the 0-based index of the nearest of n points in the plane, the first when tied.
subroutine nearest_neighbor(n, q, px, py, qx, qy, nearest)
  implicit none
  integer(4), intent(in) :: n, q
  real(4), intent(in) :: px(n), py(n), qx(q), qy(q)
  integer(4), intent(out) :: nearest(q)
  integer(4) :: i, j, best
  real(4) :: d, best_d, dx, dy
  logical :: found

  !$omp parallel do private(j, best, d, best_d, dx, dy, found)
  do i = 1, q
    best = 0
    best_d = 0.0
    found = .false.
    do j = 1, n
      dx = px(j) - qx(i)
      dy = py(j) - qy(i)
      d = dx * dx + dy * dy
      if (d <= huge(d) .and. (.not. found .or. d < best_d)) then
        found = .true.
        best_d = d
        best = j - 1
      end if
    end do
    nearest(i) = best
  end do
end subroutine nearest_neighbor
