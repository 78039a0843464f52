      REAL FUNCTION DOT_WITH_STRIDES(N, X, INCX, Y, INCY)
      INTEGER N, INCX, INCY
      REAL X(*), Y(*)
      INTEGER I, IX, IY
      DOT_WITH_STRIDES = 0.0
      IF (N .LE. 0 .OR. INCX .LE. 0 .OR. INCY .LE. 0) RETURN
      IX = 1
      IY = 1
      DO 5 I = 1, N
         DOT_WITH_STRIDES = DOT_WITH_STRIDES + X(IX)*Y(IY)
         IX = IX + INCX
         IY = IY + INCY
    5 CONTINUE
      END
