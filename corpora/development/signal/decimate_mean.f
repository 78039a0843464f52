      SUBROUTINE DECIMATE_MEAN(S, N, K, D)
      INTEGER N, K, I, J, L
      REAL*4 S(*), D(*), A
      IF (K .LE. 0) RETURN
      J = 0
      DO 20 I = 1, N - K + 1, K
         A = 0.
         DO 10 L = I, I + K - 1
   10    A = A + S(L)
         J = J + 1
         D(J) = A/FLOAT(K)
   20 CONTINUE
      END
