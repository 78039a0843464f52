! y_b := A_b x_b for independent matrices; entry (i, j) of matrix b is a(j, i, b).
subroutine gemv_batched(batch, n, a, x, y)
  implicit none
  integer, intent(in) :: batch, n
  real(4), intent(in) :: a(n, n, batch), x(n, batch)
  real(4), intent(out) :: y(n, batch)
  integer :: b, i
  do b = 1, batch
    do i = 1, n
      y(i, b) = dot_product(a(:, i, b), x(:, b))
    end do
  end do
end subroutine gemv_batched
