      LOGICAL FUNCTION BUBBLE_ONCE(K, N)
      INTEGER N, K(N), I, T
      BUBBLE_ONCE = .FALSE.
      DO 30 I = 1, N - 1
         IF (K(I) .LE. K(I+1)) GO TO 30
         T = K(I)
         K(I) = K(I+1)
         K(I+1) = T
         BUBBLE_ONCE = .TRUE.
   30 CONTINUE
      END
