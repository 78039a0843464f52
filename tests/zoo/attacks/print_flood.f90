! expect: forbidden
! floods standard output
subroutine f(x, n)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  do
    write(*, *) x
  end do
end subroutine
