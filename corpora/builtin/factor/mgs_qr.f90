! Modified Gram-Schmidt: q (entering as the matrix, entry (i, j) is q(j, i)) gets orthonormal columns, r is upper triangular.
! A column of zero length is left as it is.
subroutine mgs_qr(m, n, q, r)
  implicit none
  integer, intent(in) :: m, n
  real(8), intent(inout) :: q(n, m)
  real(8), intent(out) :: r(n, n)
  integer :: j, k
  real(8) :: length, proj
  do k = 1, n
    do j = 1, k - 1
      r(j, k) = 0.0d0
    end do
    length = sqrt(sum(q(k, :)**2))
    r(k, k) = length
    if (length > 0.0d0) q(k, :) = q(k, :) / length
    do j = k + 1, n
      proj = sum(q(k, :) * q(j, :))
      r(j, k) = proj
      q(j, :) = q(j, :) - proj * q(k, :)
    end do
  end do
end subroutine mgs_qr
