! expect: early_exit
! stops the program
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  stop 'bye'
end subroutine
