! Walk each of n walkers `steps` times through a table of four successors per state; moves outside [0, states) are not made.
subroutine walk_table(n, steps, states, successor, choice, position)
  implicit none
  integer(4), intent(in) :: n, steps, states
  integer(4), intent(in) :: successor(0:3, 0:states - 1), choice(n, steps)
  integer(4), intent(inout) :: position(n)
  integer(4) :: w, t, here, next

  do w = 1, n
    here = position(w)
    do t = 1, steps
      if (here < 0 .or. here >= states) exit
      next = successor(iand(choice(w, t), 3), here)
      if (next >= 0 .and. next < states) here = next
    end do
    position(w) = here
  end do
end subroutine walk_table
