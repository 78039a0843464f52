subroutine lehmer_stream(seed, u, n)
  implicit none
  integer(8), intent(inout) :: seed
  integer, intent(in) :: n
  real(8), intent(out) :: u(n)
  integer :: i
  do i = 1, n
    seed = mod(abs(mod(seed, 2147483647_8)) * 48271_8 + 1_8, 2147483647_8)
    u(i) = dble(seed) / 2147483647.0d0
  end do
end subroutine lehmer_stream
