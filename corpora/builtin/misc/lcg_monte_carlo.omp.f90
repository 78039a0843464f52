! Quarter-circle hits of `samples` points per stream, one linear congruential generator per stream; returns the total.
function lcg_monte_carlo(streams, samples, seed, hits) result(total)
  implicit none
  integer(4), intent(in) :: streams, samples, seed
  integer(4), intent(out) :: hits(streams)
  integer(8) :: total, state, x, y
  integer(4) :: s, k, inside
  integer(8), parameter :: mask = 2147483647_8

  total = 0
  !$omp parallel do private(k, inside, state, x, y) reduction(+:total)
  do s = 1, streams
    state = iand(int(seed, 8) + 7919_8 * int(s - 1, 8), mask)
    inside = 0
    do k = 1, samples
      state = iand(1103515245_8 * state + 12345_8, mask)
      x = ishft(state, -16)
      state = iand(1103515245_8 * state + 12345_8, mask)
      y = ishft(state, -16)
      if (x * x + y * y < 32768_8 * 32768_8) inside = inside + 1
    end do
    hits(s) = inside
    total = total + inside
  end do
end function lcg_monte_carlo
