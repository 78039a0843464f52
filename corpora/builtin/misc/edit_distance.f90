! Levenshtein distance of two integer strings along anti-diagonals; table is (n + 1) x (m + 1) by rows.
function edit_distance(n, m, s, t, table) result(d)
  implicit none
  integer(4), intent(in) :: n, m
  integer(4), intent(in) :: s(n), t(m)
  integer(4), intent(out) :: table(0:m, 0:n)
  integer(4) :: d, diag, i, j, change

  do diag = 0, n + m
    do i = max(diag - m, 0), min(diag, n)
      j = diag - i
      if (i == 0 .or. j == 0) then
        table(j, i) = i + j
      else
        change = table(j - 1, i - 1)
        if (s(i) /= t(j)) change = change + 1
        table(j, i) = min(table(j, i - 1) + 1, table(j - 1, i) + 1, change)
      end if
    end do
  end do
  d = table(m, n)
end function edit_distance
