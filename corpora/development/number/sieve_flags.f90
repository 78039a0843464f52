subroutine sieve_flags(is_prime, n)
  implicit none
  integer, intent(in) :: n
  integer, intent(out) :: is_prime(n)
  integer :: i
  is_prime = 1
  if (n >= 1) is_prime(1) = 0
  do i = 2, n
    if (i * i > n) exit
    if (is_prime(i) == 1) is_prime(i * i:n:i) = 0
  end do
end subroutine sieve_flags
