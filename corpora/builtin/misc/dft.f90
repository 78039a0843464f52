! Discrete Fourier transform of a complex sequence, by definition.
subroutine dft(n, in_re, in_im, out_re, out_im)
  implicit none
  integer(4), intent(in) :: n
  real(8), intent(in) :: in_re(n), in_im(n)
  real(8), intent(out) :: out_re(n), out_im(n)
  integer(4) :: k, t, turn
  real(8) :: angle, sum_re, sum_im

  do k = 1, n
    sum_re = 0.0d0
    sum_im = 0.0d0
    do t = 1, n
      turn = int(mod(int(k - 1, 8) * int(t - 1, 8), int(n, 8)))
      angle = -6.28318530717958647692d0 * dble(turn) / dble(n)
      sum_re = sum_re + in_re(t) * cos(angle) - in_im(t) * sin(angle)
      sum_im = sum_im + in_re(t) * sin(angle) + in_im(t) * cos(angle)
    end do
    out_re(k) = sum_re
    out_im(k) = sum_im
  end do
end subroutine dft
