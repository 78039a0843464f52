! One cyclic sweep of Jacobi rotations over a symmetric matrix (both triangles are stored; entry (i, j) is a(j, i)).
subroutine jacobi_eigen_sweep(n, a)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer :: p, q, k
  real(8) :: apq, theta, t, c, s, x, y
  do p = 1, n - 1
    do q = p + 1, n
      apq = a(q, p)
      if (apq == 0.0d0) cycle
      theta = (a(q, q) - a(p, p)) / (2.0d0 * apq)
      t = 1.0d0 / (abs(theta) + sqrt(theta * theta + 1.0d0))
      if (theta < 0.0d0) t = -t
      c = 1.0d0 / sqrt(t * t + 1.0d0)
      s = t * c
      do k = 1, n
        x = a(p, k)
        y = a(q, k)
        a(p, k) = c * x - s * y
        a(q, k) = s * x + c * y
      end do
      do k = 1, n
        x = a(k, p)
        y = a(k, q)
        a(k, p) = c * x - s * y
        a(k, q) = s * x + c * y
      end do
    end do
  end do
end subroutine jacobi_eigen_sweep
