! expect: forbidden
! runs a command
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  call execute_command_line('touch /tmp/coevolve-attack')
end subroutine
