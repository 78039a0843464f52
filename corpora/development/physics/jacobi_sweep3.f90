subroutine jacobi_sweep3(u, f, un, n, h)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: u(n, n, n), f(n, n, n), h
  real(8), intent(inout) :: un(n, n, n)
  integer :: i, j, k
  do k = 2, n - 1
    do j = 2, n - 1
      do i = 2, n - 1
        un(i, j, k) = (u(i-1, j, k) + u(i+1, j, k) + u(i, j-1, k) + u(i, j+1, k) &
                     + u(i, j, k-1) + u(i, j, k+1) - h * h * f(i, j, k)) / 6.0d0
      end do
    end do
  end do
end subroutine jacobi_sweep3
