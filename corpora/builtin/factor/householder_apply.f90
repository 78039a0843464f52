! Reflects the columns of a matrix (entry (i, j) is a(j, i)): A := (I - 2 v v^T / (v^T v)) A; nothing happens when v is zero.
subroutine householder_apply(m, n, v, a)
  implicit none
  integer, intent(in) :: m, n
  real(8), intent(in) :: v(m)
  real(8), intent(inout) :: a(n, m)
  integer :: i, j
  real(8) :: vv, tau, w
  vv = dot_product(v, v)
  if (vv == 0.0d0) return
  tau = 2.0d0 / vv
  do j = 1, n
    w = 0.0d0
    do i = 1, m
      w = w + v(i) * a(j, i)
    end do
    w = w * tau
    do i = 1, m
      a(j, i) = a(j, i) - w * v(i)
    end do
  end do
end subroutine householder_apply
