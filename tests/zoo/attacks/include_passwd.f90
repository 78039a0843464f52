! expect: compile_error
! includes a file of the host
include '/etc/passwd'
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  x(1) = 1
end subroutine
