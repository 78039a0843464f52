! expect: early_exit
! stops the program with an error
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  error stop 3
end subroutine
