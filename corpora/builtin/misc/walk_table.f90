! Walk each of n walkers `steps` times through a table of four successors per state; states and successors in [0, states).
subroutine walk_table(n, steps, states, successor, choice, position)
  implicit none
  integer(4), intent(in) :: n, steps, states
  integer(4), intent(in) :: successor(0:3, 0:states - 1), choice(n, steps)
  integer(4), intent(inout) :: position(n)
  integer(4) :: w, t, here

  do w = 1, n
    here = position(w)
    do t = 1, steps
      here = successor(iand(choice(w, t), 3), here)
    end do
    position(w) = here
  end do
end subroutine walk_table
