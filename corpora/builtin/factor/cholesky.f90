! Cholesky factor L of a symmetric matrix, in place; entry (i, j), j <= i, is a(j, i).
! Returns 0, or k (counted from 1) when the pivot of column k is not positive (the factorisation stops there).
function cholesky(n, a) result(info)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer :: info, i, j, k
  real(8) :: d, s
  info = 0
  do j = 1, n
    d = a(j, j)
    do k = 1, j - 1
      d = d - a(k, j) * a(k, j)
    end do
    if (.not. d > 0.0d0) then
      info = j
      return
    end if
    d = sqrt(d)
    a(j, j) = d
    do i = j + 1, n
      s = a(j, i)
      do k = 1, j - 1
        s = s - a(k, i) * a(k, j)
      end do
      a(j, i) = s / d
    end do
  end do
end function cholesky
