      SUBROUTINE BANDED_MULTIPLY(N, D, E, X, Y)
      INTEGER N, I
      REAL*8 D(N), E(N), X(N), Y(N)
      Y(1) = D(1)*X(1)
      IF (N .GT. 1) Y(1) = Y(1) + E(1)*X(2)
      DO I = 2, N
         Y(I) = E(I-1)*X(I-1) + D(I)*X(I)
         IF (I .LT. N) Y(I) = Y(I) + E(I)*X(I+1)
      END DO
      END SUBROUTINE
