// out (cols x rows) = transpose of in (rows x cols).
void matrix_transpose(int rows, int cols, const double *__restrict__ in, double *__restrict__ out)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            out[c * rows + r] = in[r * cols + c];
}
