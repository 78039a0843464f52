! Batch normalisation with stored statistics; x is [batch][channels][spatial], in place; eps > 0, var >= 0.
subroutine batch_norm_infer(batch, channels, spatial, eps, mean, var, gamma, beta, x)
  implicit none
  integer(4), intent(in) :: batch, channels, spatial
  real(4), intent(in) :: eps
  real(4), intent(in) :: mean(channels), var(channels), gamma(channels), beta(channels)
  real(4), intent(inout) :: x(spatial, channels, batch)
  integer(4) :: b, c
  real(4) :: a, shift

  !$omp parallel do collapse(2) private(a, shift)
  do b = 1, batch
    do c = 1, channels
      a = gamma(c) / sqrt(var(c) + eps)
      shift = beta(c) - a * mean(c)
      x(:, c, b) = a * x(:, c, b) + shift
    end do
  end do
end subroutine batch_norm_infer
