! `steps` passes of the (1, 2, 1) / 4 filter over a ring, in place; work holds n elements.
subroutine periodic_blur1d(n, steps, x, work)
  implicit none
  integer(4), intent(in) :: n, steps
  real(8), intent(inout) :: x(n), work(n)
  integer(4) :: i, l, r, s

  do s = 1, steps
    do i = 1, n
      l = merge(n, i - 1, i == 1)
      r = merge(1, i + 1, i == n)
      work(i) = 0.25d0 * x(l) + 0.5d0 * x(i) + 0.25d0 * x(r)
    end do
    do i = 1, n
      x(i) = work(i)
    end do
  end do
end subroutine periodic_blur1d
