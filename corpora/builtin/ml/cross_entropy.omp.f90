! Mean cross entropy of softmax(logits) (n x classes) against 0-based labels; rows whose label is outside [0, classes) are left out.
function cross_entropy(n, classes, logits, labels) result(loss)
  implicit none
  integer(4), intent(in) :: n, classes
  real(8), intent(in) :: logits(classes, n)
  integer(4), intent(in) :: labels(n)
  real(8) :: loss, top, total
  integer(4) :: i, c, counted

  loss = 0.0d0
  counted = 0
  !$omp parallel do private(c, top, total) reduction(+:loss, counted)
  do i = 1, n
    if (labels(i) < 0 .or. labels(i) >= classes) cycle
    counted = counted + 1
    top = logits(1, i)
    do c = 2, classes
      if (logits(c, i) > top) top = logits(c, i)
    end do
    total = 0.0d0
    do c = 1, classes
      total = total + exp(logits(c, i) - top)
    end do
    loss = loss + log(total) + top - logits(labels(i) + 1, i)
  end do
  if (counted > 0) loss = loss / dble(counted)
end function cross_entropy
