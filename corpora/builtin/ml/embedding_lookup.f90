! Row ids(t) (0-based) of a vocab x dim table for each token; an id outside [0, vocab) gives a zero row.
subroutine embedding_lookup(tokens, vocab, dim, ids, table, out)
  implicit none
  integer(4), intent(in) :: tokens, vocab, dim
  integer(4), intent(in) :: ids(tokens)
  real(4), intent(in) :: table(dim, vocab)
  real(4), intent(out) :: out(dim, tokens)
  integer(4) :: t

  do t = 1, tokens
    if (ids(t) >= 0 .and. ids(t) < vocab) then
      out(:, t) = table(:, ids(t) + 1)
    else
      out(:, t) = 0.0
    end if
  end do
end subroutine embedding_lookup
