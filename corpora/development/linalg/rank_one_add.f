      SUBROUTINE RANK_ONE_ADD(M, N, ALPHA, X, Y, A, LDA)
      INTEGER M, N, LDA, I, J
      DOUBLE PRECISION ALPHA, X(*), Y(*), A(LDA,*)
      DOUBLE PRECISION T
      DO 20 J = 1, N
         T = ALPHA*Y(J)
         IF (T .EQ. 0.0D0) GO TO 20
         DO 10 I = 1, M
            A(I,J) = A(I,J) + X(I)*T
   10    CONTINUE
   20 CONTINUE
      RETURN
      END
