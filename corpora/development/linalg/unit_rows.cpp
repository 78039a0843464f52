void unit_rows(float **m, int rows, int cols)
{
    for (int i = 0; i < rows; i++) {
        float len = 0;
        for (int j = 0; j < cols; j++)
            len += m[i][j] * m[i][j];
        len = sqrtf(len);
        if (len == 0) continue;
        for (int j = 0; j < cols; j++)
            m[i][j] /= len;
    }
}
