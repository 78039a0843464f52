! expect: memory_limit
! allocates without end
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  real, pointer :: p(:)
  do
    allocate(p(10000000))
    p(1) = 1
    x(1) = p(1)
  end do
end subroutine
