subroutine complex_axpy_conj(n, alpha, x, y)
  implicit none
  integer, intent(in) :: n
  complex, intent(in) :: alpha
  complex, intent(in) :: x(n)
  complex, intent(inout) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = y(i) + alpha * conjg(x(i))
  end do
end subroutine complex_axpy_conj
