! Conjugate gradients preconditioned by the diagonal, at most `iters` steps, for A = tridiag(-1, 2 + c(i)^2, -1).
! x starts from zero; r, z, p, q are scratch vectors of length n. Returns the number of steps done.
function pcg_diagonal(n, iters, tolerance, c, b, x, r, z, p, q) result(done)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: tolerance
  real(8), intent(in) :: c(n), b(n)
  real(8), intent(inout) :: x(n), r(n), z(n), p(n), q(n)
  integer :: done
  real(8) :: rz, pq, next, limit
  integer :: i
  x = 0.0d0
  r = b
  z = r / (2.0d0 + c * c)
  p = z
  rz = dot_product(r, z)
  limit = tolerance * tolerance * rz
  done = 0
  do while (done < iters .and. rz > limit)
    do i = 1, n
      q(i) = (2.0d0 + c(i) * c(i)) * p(i)
      if (i > 1) q(i) = q(i) - p(i - 1)
      if (i < n) q(i) = q(i) - p(i + 1)
    end do
    pq = dot_product(p, q)
    x = x + rz / pq * p
    r = r - rz / pq * q
    z = r / (2.0d0 + c * c)
    next = dot_product(r, z)
    p = z + next / rz * p
    rz = next
    done = done + 1
  end do
end function pcg_diagonal
