! Transposes an m x n CSR matrix; all indices are 0-based, row_ptr ascends from 0.
subroutine csr_transpose(m, n, row_ptr, col, val, t_ptr, t_col, t_val)
  implicit none
  integer, intent(in) :: m, n
  integer, intent(in) :: row_ptr(m + 1), col(*)
  real(8), intent(in) :: val(*)
  integer, intent(inout) :: t_ptr(*), t_col(*)
  real(8), intent(inout) :: t_val(*)
  integer :: i, j, k, slot
  t_ptr(1:n + 1) = 0
  do k = row_ptr(1) + 1, row_ptr(m + 1)
    t_ptr(col(k) + 2) = t_ptr(col(k) + 2) + 1
  end do
  do j = 1, n
    t_ptr(j + 1) = t_ptr(j + 1) + t_ptr(j)
  end do
  do i = 1, m
    do k = row_ptr(i) + 1, row_ptr(i + 1)
      slot = t_ptr(col(k) + 1) + 1
      t_ptr(col(k) + 1) = slot
      t_col(slot) = i - 1
      t_val(slot) = val(k)
    end do
  end do
  do j = n + 1, 2, -1
    t_ptr(j) = t_ptr(j - 1)
  end do
  t_ptr(1) = 0
end subroutine csr_transpose
