      SUBROUTINE EDGE_MAGNITUDE(P, E, NX, NY)
      INTEGER NX, NY
      REAL P(NX,NY), E(NX,NY)
      INTEGER I, J
      REAL GX, GY
      DO 20 J = 1, NY
      DO 20 I = 1, NX
         E(I,J) = 0.0
         IF (I .EQ. NX .OR. J .EQ. NY) GOTO 20
         GX = P(I+1,J) - P(I,J)
         GY = P(I,J+1) - P(I,J)
         E(I,J) = SQRT(GX*GX + GY*GY)
   20 CONTINUE
      END
