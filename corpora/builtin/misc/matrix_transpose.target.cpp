// out (cols x rows) = transpose of in (rows x cols); a team takes a square tile, its threads the columns.
void matrix_transpose(int rows, int cols, const double *__restrict__ in, double *__restrict__ out)
{
    const int tile = 16;
    #pragma omp target teams distribute collapse(2) map(to: in[0:rows * cols]) map(from: out[0:rows * cols])
    for (int r0 = 0; r0 < rows; r0 += tile) {
        for (int c0 = 0; c0 < cols; c0 += tile) {
            int r1 = r0 + tile < rows ? r0 + tile : rows;
            int c1 = c0 + tile < cols ? c0 + tile : cols;
            #pragma omp parallel for
            for (int r = r0; r < r1; r++)
                for (int c = c0; c < c1; c++)
                    out[c * rows + r] = in[r * cols + c];
        }
    }
}
