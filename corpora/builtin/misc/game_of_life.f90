! One generation on a torus of rows x cols cells; non-zero is alive, the result is 0 or 1.
subroutine game_of_life(rows, cols, now, next)
  implicit none
  integer(4), intent(in) :: rows, cols
  integer(1), intent(in) :: now(cols, rows)
  integer(1), intent(out) :: next(cols, rows)
  integer(4) :: r, c, dr, dc, rr, cc, alive

  do r = 1, rows
    do c = 1, cols
      alive = 0
      do dr = -1, 1
        rr = modulo(r + dr - 1, rows) + 1
        do dc = -1, 1
          if (dr == 0 .and. dc == 0) cycle
          cc = modulo(c + dc - 1, cols) + 1
          if (now(cc, rr) /= 0) alive = alive + 1
        end do
      end do
      next(c, r) = 0_1
      if (alive == 3 .or. (alive == 2 .and. now(c, r) /= 0)) next(c, r) = 1_1
    end do
  end do
end subroutine game_of_life
