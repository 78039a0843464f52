subroutine vertex_degrees(adj, n, deg)
  implicit none
  integer, intent(in) :: n
  integer(1), intent(in) :: adj(n, n)
  integer, intent(out) :: deg(n)
  integer :: j
  do j = 1, n
    deg(j) = count(adj(:, j) /= 0)
  end do
end subroutine vertex_degrees
