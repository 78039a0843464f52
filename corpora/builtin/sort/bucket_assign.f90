! bucket(i) = how many of the k splitters are <= x(i); size(k + 1) counts the members of each bucket.
subroutine bucket_assign(n, k, x, splitter, bucket, size)
  implicit none
  integer(4), intent(in) :: n, k
  real(4), intent(in) :: x(n), splitter(k)
  integer(4), intent(out) :: bucket(n), size(k + 1)
  integer(4) :: i, b, s

  size = 0
  do i = 1, n
    b = 0
    do s = 1, k
      if (splitter(s) <= x(i)) b = b + 1
    end do
    bucket(i) = b
    size(b + 1) = size(b + 1) + 1
  end do
end subroutine bucket_assign
