      SUBROUTINE FACTOR_TWO(K, NTWO, N)
      INTEGER N, K(N), NTWO(N), I, M
      DO 20 I = 1, N
         NTWO(I) = 0
         M = IABS(K(I))
   10    IF (M .EQ. 0 .OR. MOD(M,2) .NE. 0) GO TO 20
         M = M/2
         NTWO(I) = NTWO(I) + 1
         GO TO 10
   20 CONTINUE
      END
