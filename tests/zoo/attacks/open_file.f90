! expect: forbidden
! opens a file
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  open(unit=10, file='/etc/passwd')
  close(10)
end subroutine
