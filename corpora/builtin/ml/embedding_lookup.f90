! Row ids(t) (0-based) of a vocab x dim table per token; an id outside [0, vocab) gives the mean row, also stored in unknown.
subroutine embedding_lookup(tokens, vocab, dim, ids, table, unknown, out)
  implicit none
  integer(4), intent(in) :: tokens, vocab, dim
  integer(4), intent(in) :: ids(tokens)
  real(4), intent(in) :: table(dim, vocab)
  real(4), intent(out) :: unknown(dim), out(dim, tokens)
  integer(4) :: t, d, v
  real(4) :: total

  do d = 1, dim
    total = 0.0
    do v = 1, vocab
      total = total + table(d, v)
    end do
    unknown(d) = total / real(vocab)
  end do
  do t = 1, tokens
    if (ids(t) >= 0 .and. ids(t) < vocab) then
      out(:, t) = table(:, ids(t) + 1)
    else
      out(:, t) = unknown
    end if
  end do
end subroutine embedding_lookup
