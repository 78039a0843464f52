subroutine stable_softmax(x, p, n)
  integer, intent(in) :: n
  real(8), intent(in) :: x(n)
  real(8), intent(out) :: p(n)
  p = exp(x - maxval(x))
  p = p / sum(p)
end subroutine stable_softmax
