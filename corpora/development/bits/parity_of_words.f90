subroutine parity_of_words(w, odd, n)
  implicit none
  integer, intent(in) :: n, w(n)
  integer, intent(out) :: odd(n)
  integer :: i, b
  do i = 1, n
    odd(i) = 0
    do b = 0, 31
      if (btest(w(i), b)) odd(i) = ieor(odd(i), 1)
    end do
  end do
end subroutine parity_of_words
