! Layer normalisation of every row with gain and bias per column; eps > 0.
subroutine layer_norm(rows, cols, eps, x, gain, bias, y)
  implicit none
  integer(4), intent(in) :: rows, cols
  real(4), intent(in) :: eps
  real(4), intent(in) :: x(cols, rows), gain(cols), bias(cols)
  real(4), intent(out) :: y(cols, rows)
  integer(4) :: r, c
  real(4) :: mean, var, scale

  !$omp parallel do private(c, mean, var, scale)
  do r = 1, rows
    mean = 0.0
    do c = 1, cols
      mean = mean + x(c, r)
    end do
    mean = mean / real(cols)
    var = 0.0
    do c = 1, cols
      var = var + (x(c, r) - mean) * (x(c, r) - mean)
    end do
    scale = 1.0 / sqrt(var / real(cols) + eps)
    do c = 1, cols
      y(c, r) = (x(c, r) - mean) * scale * gain(c) + bias(c)
    end do
  end do
end subroutine layer_norm
