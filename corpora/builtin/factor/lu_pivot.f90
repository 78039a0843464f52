! In-place LU factorisation with partial pivoting; entry (i, j) is a(j, i); perm(k) is the 0-based row exchanged with row k.
! Returns 0, or k (counted from 1) when column k had no nonzero pivot (the factorisation stops there).
function lu_pivot(n, a, perm) result(info)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: a(n, n)
  integer, intent(out) :: perm(n)
  integer :: info
  integer :: i, j, k, p
  real(8) :: t, f
  info = 0
  do k = 1, n
    perm(k) = k - 1
  end do
  do k = 1, n
    p = k
    do i = k + 1, n
      if (abs(a(k, i)) > abs(a(k, p))) p = i
    end do
    perm(k) = p - 1
    if (a(k, p) == 0.0d0) then
      info = k
      return
    end if
    if (p /= k) then
      do j = 1, n
        t = a(j, k)
        a(j, k) = a(j, p)
        a(j, p) = t
      end do
    end if
    do i = k + 1, n
      f = a(k, i) / a(k, k)
      a(k, i) = f
      do j = k + 1, n
        a(j, i) = a(j, i) - f * a(j, k)
      end do
    end do
  end do
end function lu_pivot
