! Returns the Euclidean norm of x (plain sum of squares).
function nrm2(n, x) result(nrm)
  implicit none
  integer, intent(in) :: n
  real(4), intent(in) :: x(n)
  real(4) :: nrm, ss
  integer :: i
  ss = 0.0
!$omp parallel do default(none) shared(n, x) reduction(+:ss)
  do i = 1, n
    ss = ss + x(i) * x(i)
  end do
!$omp end parallel do
  nrm = sqrt(ss)
end function nrm2
