subroutine block_transpose(a, b, n, m, nb)
  implicit none
  integer, intent(in) :: n, m, nb
  real, intent(in) :: a(n, m)
  real, intent(out) :: b(m, n)
  integer :: i, j, ib, jb
  if (nb < 1) return
  do jb = 1, m, nb
    do ib = 1, n, nb
      do j = jb, min(jb + nb - 1, m)
        do i = ib, min(ib + nb - 1, n)
          b(j, i) = a(i, j)
        end do
      end do
    end do
  end do
end subroutine block_transpose
