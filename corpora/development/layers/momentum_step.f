      SUBROUTINE MOMENTUM_STEP(W, V, G, N, RATE, AMU)
      INTEGER N, I
      REAL W(N), V(N), G(N), RATE, AMU
C     VELOCITY FIRST, THEN WEIGHTS
      DO 10 I = 1, N
         V(I) = AMU*V(I) - RATE*G(I)
         W(I) = W(I) + V(I)
   10 CONTINUE
      RETURN
      END
