! Conjugate gradients, at most `iters` steps, for (-d2/dx2 + c^2) x = b on n points: A = tridiag(-1, 2 + c(i)^2, -1),
! which is symmetric positive definite for every c. x enters as the first guess and leaves as the solution.
subroutine cg(n, iters, c, b, x)
  implicit none
  integer, intent(in) :: n, iters
  real(8), intent(in) :: c(n), b(n)
  real(8), intent(inout) :: x(n)
  real(8) :: r(n), p(n), q(n)
  real(8) :: rr, pq, next, alpha, beta, stop_at, left, right
  integer :: it, i
  rr = 0.0d0
  !$omp parallel do private(left, right) reduction(+:rr)
  do i = 1, n
    left = 0.0d0
    right = 0.0d0
    if (i > 1) left = x(i - 1)
    if (i < n) right = x(i + 1)
    r(i) = b(i) - ((2.0d0 + c(i) * c(i)) * x(i) - left - right)
    p(i) = r(i)
    rr = rr + r(i) * r(i)
  end do
  !$omp end parallel do
  stop_at = 1.0d-24 * rr
  do it = 1, iters
    if (.not. rr > stop_at) exit
    pq = 0.0d0
    !$omp parallel do private(left, right) reduction(+:pq)
    do i = 1, n
      left = 0.0d0
      right = 0.0d0
      if (i > 1) left = p(i - 1)
      if (i < n) right = p(i + 1)
      q(i) = (2.0d0 + c(i) * c(i)) * p(i) - left - right
      pq = pq + p(i) * q(i)
    end do
    !$omp end parallel do
    alpha = rr / pq
    next = 0.0d0
    !$omp parallel do reduction(+:next)
    do i = 1, n
      x(i) = x(i) + alpha * p(i)
      r(i) = r(i) - alpha * q(i)
      next = next + r(i) * r(i)
    end do
    !$omp end parallel do
    beta = next / rr
    rr = next
    !$omp parallel do
    do i = 1, n
      p(i) = r(i) + beta * p(i)
    end do
    !$omp end parallel do
  end do
end subroutine cg
