! Histogram of the byte number `digit` (taken modulo 4) of every key; counts(256) is overwritten.
subroutine radix_digit_count(n, digit, keys, counts)
  implicit none
  integer(4), intent(in) :: n, digit
  integer(4), intent(in) :: keys(n)
  integer(4), intent(out) :: counts(0:255)
  integer(4) :: i, d, shift

  shift = 8 * iand(digit, 3)
  counts = 0
  !$omp parallel do private(d)
  do i = 1, n
    d = iand(ishft(keys(i), -shift), 255)
    !$omp atomic
    counts(d) = counts(d) + 1
  end do
end subroutine radix_digit_count
