! expect: ok 0
! reads the environment
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  integer :: l
  call get_environment_variable('PATH', length=l)
  x(1) = l
end subroutine
