! Running totals: out(i) = in(1) + ... + in(i). Chunks are summed in parallel, then written from their starting totals.
subroutine inclusive_scan(n, in, out)
  implicit none
  integer, intent(in) :: n
  integer(4), intent(in) :: in(n)
  integer(8), intent(out) :: out(n)
  integer, parameter :: chunks = 8
  integer(8) :: first(chunks), s, before
  integer :: c, width, i
  width = (n + chunks - 1) / chunks
  !$omp parallel do private(i, s)
  do c = 1, chunks
    s = 0_8
    do i = (c - 1) * width + 1, min(n, c * width)
      s = s + int(in(i), 8)
    end do
    first(c) = s
  end do
  !$omp end parallel do
  before = 0_8
  do c = 1, chunks
    s = first(c)
    first(c) = before
    before = before + s
  end do
  !$omp parallel do private(i, s)
  do c = 1, chunks
    s = first(c)
    do i = (c - 1) * width + 1, min(n, c * width)
      s = s + int(in(i), 8)
      out(i) = s
    end do
  end do
  !$omp end parallel do
end subroutine inclusive_scan
