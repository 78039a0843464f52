      SUBROUTINE HEAT_BAR(T, TN, N, R, NSTEP)
      INTEGER N, NSTEP, I, K
      DOUBLE PRECISION T(N), TN(N), R
      DO 40 K = 1, NSTEP
         DO 20 I = 2, N - 1
            TN(I) = T(I) + R*(T(I+1) - 2.0D0*T(I) + T(I-1))
   20    CONTINUE
         DO 30 I = 2, N - 1
            T(I) = TN(I)
   30    CONTINUE
   40 CONTINUE
      END
