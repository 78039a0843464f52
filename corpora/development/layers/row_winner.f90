subroutine row_winner(scores, rows, cols, winner)
  implicit none
  integer, intent(in) :: rows, cols
  real, intent(in) :: scores(rows, cols)
  integer, intent(out) :: winner(rows)
  integer :: i, j
  winner = 1
  do j = 2, cols
    do i = 1, rows
      if (scores(i, j) > scores(i, winner(i))) winner(i) = j
    end do
  end do
end subroutine row_winner
