! Add bias(c) to column c of a rows x cols activation matrix, in place.
subroutine bias_add(rows, cols, bias, act)
  implicit none
  integer(4), intent(in) :: rows, cols
  real(4), intent(in) :: bias(cols)
  real(4), intent(inout) :: act(cols, rows)
  integer(4) :: r

  do r = 1, rows
    act(:, r) = act(:, r) + bias
  end do
end subroutine bias_add
